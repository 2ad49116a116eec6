// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/hw/back_pressure.hpp"
#include "swprune/hw/device.hpp"
#include "swprune/hw/memory_timing.hpp"

namespace swprune::inline v0::hw {

/// Timing of a memory_model. The defaults are the ideal memory of docs/accelerator.md section 1.
struct memory_params {
  index_t bus_bytes = 32;     ///< B of the device: 8, 16, 32 or 64
  index_t latency = 1;        ///< cycles from a taken request to its first beat, >= 1
  double beat_interval = 1;   ///< cycles from beat to beat of a request, 1 .. 65536, on average
  stall_params requests{};    ///< rd_req_ready
  stall_params data{};        ///< rd_valid
  stall_params writes{};      ///< wr_ready
  index_t fence_latency = 1;  ///< cycles from a taken fence to its answer, >= 1
  stall_params fences{};      ///< wr_fenced
  /// A write can be read from the cycle after its fence's answer on; false: from the next cycle.
  bool fenced_writes = true;
  std::uint64_t seed = 1;  ///< of the stalls; the same seed gives the same stalls in every cycle

  /// Bernoulli back-pressure with the same probability on all channels.
  [[nodiscard]] static memory_params stalling(index_t bus_bytes, double p, std::uint64_t seed,
                                              index_t latency = 1) {
    return {.bus_bytes = bus_bytes,
            .latency = latency,
            .requests = stall_params::bernoulli(p),
            .data = stall_params::bernoulli(p),
            .writes = stall_params::bernoulli(p),
            .fences = stall_params::bernoulli(p),
            .seed = seed};
  }

  /// Without the stalls.
  [[nodiscard]] memory_timing timing() const {
    return {.latency = latency, .beat_interval = beat_interval, .fence_latency = fence_latency};
  }
  /// True if no channel stalls by chance: hw::predict() is exact then.
  [[nodiscard]] bool steady() const {
    return requests.never() && data.never() && writes.never() && fences.never();
  }
};

/// Throws argument_out_of_range unless every member lies in the range of its comment.
SWPRUNE_FUNCTION void check(const memory_params& m);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void check(const memory_params& m) {
  expects(m.bus_bytes == 8 || m.bus_bytes == 16 || m.bus_bytes == 32 || m.bus_bytes == 64,
          errc::argument_out_of_range, "bus_bytes must be 8, 16, 32 or 64, given {}", m.bus_bytes);
  check(m.timing());
  check(m.requests, "requests");
  check(m.data, "data");
  check(m.writes, "writes");
  check(m.fences, "fences");
}

#endif

/// Memory behind a device, byte by byte, that answers its requests cycle by cycle and watches what
/// it does: it knows which bytes were ever written, which must not be touched, and counts accesses
/// by address. A violation throws memory_access with address, range and cycle; a broken rule of the
/// ports (payload that changes while it waits, unaligned request, ...) throws port_protocol.
class memory_model {
 public:
  explicit memory_model(const memory_params& params)
      : params_((check(params), params)),
        requests_(params.requests, rng(params.seed).stream("memory.requests")),
        data_(params.data, rng(params.seed).stream("memory.data")),
        writes_(params.writes, rng(params.seed).stream("memory.writes")),
        fence_stalls_(params.fences, rng(params.seed).stream("memory.fences")) {}

  // --- what the host does -----------------------------------------------------------------------

  /// Adds `bytes` bytes from `base` on, uninitialised. base: multiple of 64; bytes >= 1 (rounded up
  /// to whole beats of 64). The device may write only where `writable`. Throws
  /// argument_out_of_range for an unaligned base and for an overlap with another region.
  void add_region(const std::string& name, std::uint64_t base, index_t bytes, bool writable) {
    expects(base % 64 == 0 && bytes >= 1, errc::argument_out_of_range,
            "region '{}': base must be a multiple of 64 and bytes >= 1, given {:#x} and {}", name,
            base, bytes);
    const std::uint64_t size = static_cast<std::uint64_t>(round_up(bytes, 64));
    for (const region& r : regions_)
      expects(base >= r.base + r.bytes.size() || base + size <= r.base, errc::argument_out_of_range,
              "region '{}' at {:#x} overlaps region '{}'", name, base, r.name);
    regions_.emplace_back(name, base, size, writable, bus());
  }

  /// Host write; the bytes count as initialised.
  void write(std::uint64_t address, std::span<const std::uint8_t> bytes) {
    region& r = host_region(address, bytes.size());
    std::copy(bytes.begin(), bytes.end(), r.bytes.begin() + r.at(address));
    set_flags(r, address, bytes.size(), initialised);
  }

  /// Host read.
  [[nodiscard]] std::vector<std::uint8_t> read(std::uint64_t address, std::size_t bytes) const {
    const region& r = host_region(address, bytes);
    const auto first = r.bytes.begin() + r.at(address);
    return {first, first + static_cast<std::ptrdiff_t>(bytes)};
  }

  /// Counts bytes as initialised without giving them a value: padding, images that do not exist.
  void mark_initialised(std::uint64_t address, std::size_t bytes) {
    set_flags(host_region(address, bytes), address, bytes, initialised);
  }

  /// Poison: a beat that touches one of these bytes throws.
  void forbid_reads(const std::string& name, std::uint64_t address, std::size_t bytes) {
    set_flags(host_region(address, bytes), address, bytes, no_read);
    guards_.push_back({name, address, bytes, no_read});
  }
  /// A write to one of these bytes throws.
  void forbid_writes(const std::string& name, std::uint64_t address, std::size_t bytes) {
    set_flags(host_region(address, bytes), address, bytes, no_write);
    guards_.push_back({name, address, bytes, no_write});
  }

  /// Reads of beats with one of these bytes, and writes to one of them, are answered with
  /// `response`: 2 (SLVERR) or 3 (DECERR). Such a write changes nothing. Throws
  /// argument_out_of_range for another response.
  void fail_accesses(std::uint64_t address, std::size_t bytes, std::uint8_t response) {
    expects(response == 2 || response == 3, errc::argument_out_of_range,
            "a failing access is answered with 2 or 3, given {}", response);
    failing_.push_back({address, bytes, response});
  }

  /// Fills bytes with a pattern that check_canaries() expects to find again. Readable, so that a
  /// canary may lie in the padding of a plane.
  void add_canary(const std::string& name, std::uint64_t address, std::size_t bytes) {
    std::vector<std::uint8_t> pattern(bytes);
    rng random = rng(address).stream("memory.canary");
    for (std::uint8_t& b : pattern) b = static_cast<std::uint8_t>(random.next() & 0xff);
    write(address, pattern);
    canaries_.push_back({name, address, std::move(pattern)});
  }

  /// Throws memory_access naming the first canary byte that changed.
  void check_canaries() const {
    for (const canary& c : canaries_) {
      const std::vector<std::uint8_t> now = read(c.address, c.pattern.size());
      const auto bad = std::mismatch(now.begin(), now.end(), c.pattern.begin()).first;
      if (bad != now.end())
        raise(errc::memory_access, "canary '{}' was overwritten at address {:#x}, seen at cycle {}",
              c.name, c.address + static_cast<std::uint64_t>(bad - now.begin()), cycle_);
    }
  }

  // --- what the device did ----------------------------------------------------------------------

  /// Bytes read by the device in a range, each as often as it was read.
  [[nodiscard]] std::uint64_t bytes_read(std::uint64_t address, std::size_t bytes) const {
    const region& r = host_region(address, bytes);
    std::uint64_t sum = 0;
    for (std::size_t i = r.at(address); i < r.at(address) + bytes; ++i)
      sum += r.beat_reads[i / static_cast<std::size_t>(bus())];
    return sum;
  }
  /// Bytes written by the device in a range, each as often as it was written.
  [[nodiscard]] std::uint64_t bytes_written(std::uint64_t address, std::size_t bytes) const {
    const region& r = host_region(address, bytes);
    std::uint64_t sum = 0;
    for (std::size_t i = r.at(address); i < r.at(address) + bytes && r.writable; ++i)
      sum += r.byte_writes[i];
    return sum;
  }
  [[nodiscard]] std::uint64_t total_bytes_read() const { return total_read_; }
  [[nodiscard]] std::uint64_t total_bytes_written() const { return total_written_; }
  /// Cycles since construction.
  [[nodiscard]] std::uint64_t cycle() const { return cycle_; }
  [[nodiscard]] const memory_params& params() const { return params_; }

  /// True while a fence is not answered.
  [[nodiscard]] bool awaits_answers() const { return !fences_.empty(); }

  void clear_counts() {
    for (region& r : regions_) {
      std::fill(r.beat_reads.begin(), r.beat_reads.end(), 0u);
      std::fill(r.byte_writes.begin(), r.byte_writes.end(), 0u);
    }
    total_read_ = total_written_ = 0;
  }

  // --- cycle by cycle ---------------------------------------------------------------------------

  /// Sets rd_req_ready, rd_valid, rd_data, wr_ready and wr_fenced of the current cycle. Once per
  /// cycle.
  void drive(core_inputs& in) {
    in.rd_req_ready = !requests_.stalls();
    in.wr_ready = !writes_.stalls();
    in.wr_fenced =
        !fence_stalls_.stalls() && !fences_.empty() && fences_.front().ready_at <= cycle_;
    const bool stalled = data_.stalls();
    // A beat that was offered stays offered until it is taken.
    offered_ = offered_ || (!stalled && !queue_.empty() && ready_at(queue_.front()) <= cycle_);
    in.wr_error = in.wr_fenced ? fences_.front().error : std::uint8_t{0};
    in.rd_valid = offered_;
    in.rd_error = 0;
    if (offered_)
      deliver(in);
    else
      in.rd_data.fill(0);
  }

  /// The rising edge that ends the cycle: `in` as driven, `out` what the device showed in it.
  void clock(const core_inputs& in, const core_outputs& out) {
    check_protocol(in, out);
    if (offered_ && out.rd_ready) take_beat();
    if (out.rd_req_valid && in.rd_req_ready) take_request(out);
    if (in.wr_fenced) answer_fence();
    if (out.wr_valid && in.wr_ready) take_write(out);
    ++cycle_;
  }

 private:
  enum flag : std::uint8_t { initialised = 1, no_read = 2, no_write = 4 };

  struct region {
    region(std::string n, std::uint64_t b, std::uint64_t size, bool w, index_t bus)
        : name(std::move(n)),
          base(b),
          writable(w),
          bytes(size),
          flags(size),
          beat_reads(size / static_cast<std::uint64_t>(bus)),
          byte_writes(w ? size : 0) {}

    [[nodiscard]] bool holds(std::uint64_t address, std::size_t n) const {
      return address >= base && n <= bytes.size() && address - base <= bytes.size() - n;
    }
    [[nodiscard]] std::size_t at(std::uint64_t address) const {
      return static_cast<std::size_t>(address - base);
    }

    std::string name;
    std::uint64_t base;
    bool writable;
    std::vector<std::uint8_t> bytes;
    std::vector<std::uint8_t> flags;
    std::vector<std::uint32_t> beat_reads;
    std::vector<std::uint32_t> byte_writes;
  };
  struct guard {
    std::string name;
    std::uint64_t address;
    std::size_t bytes;
    flag what;
  };
  struct canary {
    std::string name;
    std::uint64_t address;
    std::vector<std::uint8_t> pattern;
  };
  struct burst {
    std::uint64_t address;
    std::uint64_t beats;
    std::uint64_t ready_at;  ///< of the first beat
    index_t taken;           ///< beats
  };
  struct taken_byte {
    std::uint64_t address;
    std::uint8_t value;
  };
  struct fence {
    std::uint64_t ready_at;
    std::size_t bytes;   ///< of hidden_ that it makes readable
    std::uint8_t error;  ///< response of the first write since the fence before that failed
  };
  struct failing_range {
    std::uint64_t address;
    std::size_t bytes;
    std::uint8_t response;
  };

  [[nodiscard]] index_t bus() const { return params_.bus_bytes; }

  [[nodiscard]] const region* find(std::uint64_t address, std::size_t bytes) const {
    for (const region& r : regions_)
      if (r.holds(address, bytes)) return &r;
    return nullptr;
  }
  [[nodiscard]] const region& host_region(std::uint64_t address, std::size_t bytes) const {
    const region* r = find(address, bytes);
    expects(r != nullptr, errc::argument_out_of_range,
            "no region of the memory model holds {} bytes at {:#x}", bytes, address);
    return *r;
  }
  [[nodiscard]] region& host_region(std::uint64_t address, std::size_t bytes) {
    return const_cast<region&>(std::as_const(*this).host_region(address, bytes));
  }
  /// The region of a device access, or memory_access.
  [[nodiscard]] region& device_region(std::uint64_t address, std::size_t bytes, const char* what) {
    const region* r = find(address, bytes);
    if (r == nullptr)
      raise(errc::memory_access, "{} of {} bytes at address {:#x} in cycle {}, outside all regions",
            what, bytes, address, cycle_);
    return const_cast<region&>(*r);
  }

  /// How the bus answers an access: 0, or the response of the first failing range that it touches.
  [[nodiscard]] std::uint8_t response(std::uint64_t address, std::size_t bytes) const {
    for (const failing_range& f : failing_)
      if (address < f.address + f.bytes && f.address < address + bytes) return f.response;
    return 0;
  }

  static void set_flags(region& r, std::uint64_t address, std::size_t bytes, flag what) {
    for (std::size_t i = 0; i < bytes; ++i) r.flags[r.at(address) + i] |= what;
  }

  /// Name of the guarded range with `what` that holds `address`.
  [[nodiscard]] std::string guard_name(std::uint64_t address, flag what) const {
    for (const guard& g : guards_)
      if (g.what == what && address >= g.address && address - g.address < g.bytes) return g.name;
    return "unnamed";
  }

  /// Cycle from which on the next beat is there.
  [[nodiscard]] std::uint64_t ready_at(const burst& b) const {
    return b.ready_at + static_cast<std::uint64_t>(params_.timing().beat_offset(b.taken));
  }

  /// Puts the beat at the head of the queue on the bus.
  void deliver(core_inputs& in) {
    const std::uint64_t address = queue_.front().address;
    const std::size_t n = static_cast<std::size_t>(bus());
    in.rd_error = response(address, n);
    if (in.rd_error != 0) {
      in.rd_data.fill(0xee);
      return;
    }
    const region& r = device_region(address, n, "read");
    const std::size_t at = r.at(address);
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint8_t f = r.flags[at + i];
      if ((f & (initialised | no_read)) != initialised) refuse_read(r, address + i, f);
    }
    std::copy_n(r.bytes.begin() + static_cast<std::ptrdiff_t>(at), n, in.rd_data.begin());
  }

  [[noreturn]] void refuse_read(const region& r, std::uint64_t address, std::uint8_t f) const {
    if ((f & no_read) != 0)
      raise(errc::memory_access,
            "read of address {:#x} in cycle {}: it lies in '{}' (region '{}'), which must not be "
            "read",
            address, cycle_, guard_name(address, no_read), r.name);
    raise(errc::memory_access,
          "read of address {:#x} in cycle {}: this byte of region '{}' (offset {}) was never "
          "written",
          address, cycle_, r.name, address - r.base);
  }

  void take_beat() {
    burst& b = queue_.front();
    if (response(b.address, static_cast<std::size_t>(bus())) == 0) {
      region& r = device_region(b.address, static_cast<std::size_t>(bus()), "read");
      ++r.beat_reads[r.at(b.address) / static_cast<std::size_t>(bus())];
    }
    total_read_ += static_cast<std::uint64_t>(bus());
    b.address += static_cast<std::uint64_t>(bus());
    ++b.taken;
    if (--b.beats == 0) queue_.pop_front();
    offered_ = false;
  }

  void take_request(const core_outputs& out) {
    queue_.push_back({out.rd_req_addr, out.rd_req_beats,
                      cycle_ + static_cast<std::uint64_t>(params_.latency), 0});
  }

  void take_write(const core_outputs& out) {
    region* r = nullptr;
    for (std::size_t i = 0; i < out.wr_data.size(); ++i) {
      if ((out.wr_strb >> i & 1) == 0) continue;
      const std::uint64_t address = out.wr_addr + i;
      if (const std::uint8_t error = response(address, 1); error != 0) {
        if (write_error_ == 0) write_error_ = error;
        continue;
      }
      if (r == nullptr || !r->holds(address, 1)) r = &device_region(address, 1, "write");
      check_write(*r, address);
      if (params_.fenced_writes)
        hidden_.push_back({address, out.wr_data[i]});
      else
        write_byte(*r, address, out.wr_data[i]);
    }
    if (!out.wr_fence) return;
    std::size_t earlier = 0;
    for (const fence& f : fences_) earlier += f.bytes;
    fences_.push_back({cycle_ + static_cast<std::uint64_t>(params_.fence_latency),
                       hidden_.size() - earlier, write_error_});
    write_error_ = 0;
  }

  void answer_fence() {
    for (std::size_t i = 0; i < fences_.front().bytes; ++i) {
      const taken_byte& b = hidden_[i];
      write_byte(device_region(b.address, 1, "write"), b.address, b.value);
    }
    hidden_.erase(hidden_.begin(),
                  hidden_.begin() + static_cast<std::ptrdiff_t>(fences_.front().bytes));
    fences_.pop_front();
  }

  void check_write(const region& r, std::uint64_t address) const {
    if (!r.writable)
      raise(errc::memory_access, "write to address {:#x} in cycle {}: region '{}' is read only",
            address, cycle_, r.name);
    if ((r.flags[r.at(address)] & no_write) != 0)
      raise(errc::memory_access,
            "write to address {:#x} in cycle {}: it lies in '{}' (region '{}'), which must not be "
            "written",
            address, cycle_, guard_name(address, no_write), r.name);
  }

  void write_byte(region& r, std::uint64_t address, std::uint8_t value) {
    const std::size_t at = r.at(address);
    r.bytes[at] = value;
    r.flags[at] |= initialised;
    ++r.byte_writes[at];
    ++total_written_;
  }

  void check_protocol(const core_inputs& in, const core_outputs& out) {
    const auto rule = [&](bool ok, const char* text) {
      if (!ok) raise(errc::port_protocol, "{}, cycle {}", text, cycle_);
    };
    if (request_waits_)
      rule(out.rd_req_valid && out.rd_req_addr == last_.rd_req_addr &&
               out.rd_req_beats == last_.rd_req_beats,
           "a read request must stay as it is until it is taken");
    if (write_waits_)
      rule(out.wr_valid && out.wr_addr == last_.wr_addr && out.wr_strb == last_.wr_strb &&
               out.wr_data == last_.wr_data && out.wr_fence == last_.wr_fence,
           "a write must stay as it is until it is taken");
    rule(!out.rd_req_valid ||
             (out.rd_req_addr % static_cast<std::uint64_t>(bus()) == 0 && out.rd_req_beats >= 1),
         "a read request must be aligned to the bus and have at least one beat");
    rule(!out.wr_valid || (out.wr_addr % 4 == 0 && (out.wr_strb != 0 || out.wr_fence)),
         "a write must be at a multiple of 4 and have a strobe or be a fence");
    rule(out.wr_valid || !out.wr_fence, "a fence must be part of a write");
    rule(out.rd_req_valid || (out.rd_req_addr == 0 && out.rd_req_beats == 0),
         "address and beats of a read must be 0 while there is no request");
    request_waits_ = out.rd_req_valid && !in.rd_req_ready;
    write_waits_ = out.wr_valid && !in.wr_ready;
    if (request_waits_ || write_waits_) last_ = out;
  }

  memory_params params_;
  stall_source requests_;
  stall_source data_;
  stall_source writes_;
  stall_source fence_stalls_;
  std::vector<region> regions_;
  std::vector<guard> guards_;
  std::vector<canary> canaries_;
  std::vector<failing_range> failing_;
  std::deque<burst> queue_;
  std::deque<fence> fences_;        ///< taken and not yet answered
  std::vector<taken_byte> hidden_;  ///< written, but not to be read before their fence's answer
  std::uint8_t write_error_ = 0;    ///< of the writes since the last fence
  bool offered_ = false;
  std::uint64_t cycle_ = 0;
  std::uint64_t total_read_ = 0;
  std::uint64_t total_written_ = 0;
  bool request_waits_ = false;
  bool write_waits_ = false;
  core_outputs last_;
};

}  // namespace swprune::inline v0::hw
