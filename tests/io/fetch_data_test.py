# SPDX-License-Identifier: Apache-2.0
"""scripts/fetch-data against a server on 127.0.0.1 that serves well, badly and slowly."""
import hashlib
import http.server
import io
import os
import random
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest

SCRIPT = os.path.join(os.path.dirname(__file__), "..", "..", "scripts", "fetch-data")
ARCHIVE = "cifar-10-binary.tar.gz"


def archive():
    """A small archive of the official layout, with members that must not get out of it."""
    noise = random.Random(1).randbytes(300000)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        def add(name, data, **fields):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            for key, value in fields.items():
                setattr(member, key, value)
            tar.addfile(member, io.BytesIO(data))
        add("cifar-10-batches-bin/test_batch.bin", noise)
        add("cifar-10-batches-bin/data_batch_1.bin", b"one")
        add("../outside", b"evil")
        add("cifar-10-batches-bin/../../outside", b"evil")
        add("/outside", b"evil")
        add("cifar-10-batches-bin/link", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    return noise, file.getvalue()


NOISE, BYTES = archive()


class Server(http.server.BaseHTTPRequestHandler):
    """/<mode>/<file>; requests are kept as (mode, range, bytes sent)."""
    requests = []
    files = {ARCHIVE: BYTES}

    def log_message(self, *_):
        pass

    def do_GET(self):
        _, mode, name = self.path.split("/")
        data = self.files.get(name)
        if data is None or mode == "broken":
            return self.send_error(404 if data is None else 503)
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked.group(1)) if asked and mode != "norange" else 0
        if start >= len(data):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        if start:
            shown = start + 1 if mode == "wrongrange" else start
            self.send_header("Content-Range", f"bytes {shown}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = len(data)
        if mode == "short":
            end = min(end, start + 70000)  # then the connection closes
        if mode == "stuck":
            end = start
        sent = 0
        try:
            while start + sent < end:
                block = data[start + sent:min(end, start + sent + 8192)]
                self.wfile.write(block)
                sent += len(block)
                if mode == "slow":
                    time.sleep(0.05)
        except OSError:
            pass
        self.requests.append((mode, start, sent))


class FetchData(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.out = os.path.join(self.dir.name, "out")
        self.part = os.path.join(self.out, ARCHIVE + ".part")
        self.checksums = os.path.join(self.dir.name, "sums")
        self.write_checksum(hashlib.sha256(BYTES).hexdigest())
        Server.requests.clear()

    def write_checksum(self, value):
        with open(self.checksums, "w", encoding="utf-8") as file:
            file.write(f"# ours\n{value}  {ARCHIVE}\n")

    def command(self, mode, *more):
        url = f"http://127.0.0.1:{self.server.server_port}/{mode}"
        return [sys.executable, SCRIPT, "cifar10", "--out", self.out, "--base-url", url,
                "--checksums", self.checksums, "--timeout", "10", *more]

    def environment(self):
        return {**os.environ, "no_proxy": "127.0.0.1"}

    def fetch(self, mode):
        return subprocess.run(self.command(mode), env=self.environment(), timeout=60, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def check_there(self):
        """Exactly the good files, nothing half done."""
        self.assertEqual(os.listdir(self.out), ["cifar-10-batches-bin"])
        inside = os.path.join(self.out, "cifar-10-batches-bin")
        self.assertEqual(sorted(os.listdir(inside)), ["data_batch_1.bin", "test_batch.bin"])
        with open(os.path.join(inside, "test_batch.bin"), "rb") as file:
            self.assertEqual(file.read(), NOISE)
        self.assertFalse(os.path.exists(os.path.join(self.dir.name, "outside")))

    def test_plain_download(self):
        result = self.fetch("good")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.check_there()
        count = len(Server.requests)
        self.assertEqual(self.fetch("good").returncode, 0)  # nothing to do
        self.assertEqual(len(Server.requests), count)

    def test_md5_serves_as_well(self):
        self.write_checksum(hashlib.md5(BYTES).hexdigest())
        self.assertEqual(self.fetch("good").returncode, 0)
        self.check_there()

    def test_transfers_that_break_off_go_on(self):
        result = self.fetch("short")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.check_there()
        starts = [start for _, start, _ in Server.requests]
        self.assertEqual(starts, [70000 * k for k in range(len(starts))])
        self.assertGreater(len(starts), 3)
        self.assertEqual(sum(sent for _, _, sent in Server.requests), len(BYTES))  # once each

    def test_server_without_ranges_sends_all_again(self):
        os.makedirs(self.out)
        with open(self.part, "wb") as file:
            file.write(BYTES[:1000])
        self.assertEqual(self.fetch("norange").returncode, 0)
        self.check_there()

    def test_whole_part_needs_no_transfer(self):
        os.makedirs(self.out)
        with open(self.part, "wb") as file:
            file.write(BYTES)
        self.assertEqual(self.fetch("good").returncode, 0)
        self.check_there()
        self.assertEqual(Server.requests, [])

    def test_killed_download_goes_on(self):
        child = subprocess.Popen(self.command("slow"), env=self.environment(),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not (os.path.exists(self.part) and os.path.getsize(self.part) > 30000):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        kept = os.path.getsize(self.part)
        self.assertLess(kept, len(BYTES))
        result = self.fetch("good")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn(f"going on at byte {kept}", result.stdout)
        self.assertIn(("good", kept, len(BYTES) - kept), Server.requests)
        self.check_there()

    def test_wrong_checksum_keeps_nothing(self):
        self.write_checksum("0" * 64)
        result = self.fetch("good")
        self.assertEqual(result.returncode, 1)
        self.assertIn("the checksum is " + hashlib.sha256(BYTES).hexdigest(), result.stdout)
        self.assertEqual(os.listdir(self.out), [])

    def test_damaged_part_is_found_by_the_checksum(self):
        os.makedirs(self.out)
        with open(self.part, "wb") as file:
            file.write(b"\0" * 1000)
        self.assertEqual(self.fetch("good").returncode, 1)
        self.assertEqual(self.fetch("good").returncode, 0)  # from the beginning
        self.check_there()

    def test_builtin_checksum_refuses_other_bytes(self):
        command = self.command("good")
        at = command.index("--checksums")
        result = subprocess.run(command[:at] + command[at + 2:], env=self.environment(), timeout=60,
                                check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("expected c32a1d4ab5d03f1284b67883e8d87530", result.stdout)

    def test_server_that_brings_nothing(self):
        for mode, word in (("stuck", "ended early"), ("broken", "503")):
            result = self.fetch(mode)
            self.assertEqual(result.returncode, 1)
            self.assertIn(word, result.stdout)
        self.assertNotIn("cifar-10-batches-bin", os.listdir(self.out))

    def test_wrong_range_is_refused(self):
        os.makedirs(self.out)
        with open(self.part, "wb") as file:
            file.write(BYTES[:1000])
        result = self.fetch("wrongrange")
        self.assertEqual(result.returncode, 1)
        self.assertIn("asked for byte 1000, the server sends from 1001", result.stdout)

    def test_archive_that_is_none(self):
        Server.files[ARCHIVE] = b"no archive"
        self.addCleanup(Server.files.update, {ARCHIVE: BYTES})
        self.write_checksum(hashlib.sha256(b"no archive").hexdigest())
        result = self.fetch("good")
        self.assertEqual(result.returncode, 1)
        self.assertIn("cannot unpack", result.stdout)
        self.assertEqual(os.listdir(self.out), [ARCHIVE])

    def test_plain_files_and_a_missing_one(self):
        Server.files["train_32x32.mat"] = b"train"
        self.addCleanup(Server.files.pop, "train_32x32.mat")
        with open(self.checksums, "w", encoding="utf-8") as file:
            file.write(hashlib.md5(b"train").hexdigest() + " *somewhere/train_32x32.mat\n")
        command = self.command("good")
        command[2] = "svhn"
        result = subprocess.run(command, env=self.environment(), timeout=60, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("test_32x32.mat: 404", result.stdout)
        self.assertEqual(os.listdir(os.path.join(self.out, "svhn")), ["train_32x32.mat"])

    def test_wrong_calls(self):
        for words in (["nosuch"], [], ["mnist", "--checksums", "/nowhere"], ["--what"]):
            result = subprocess.run([sys.executable, SCRIPT, *words], check=False, timeout=60,
                                    capture_output=True)
            self.assertEqual(result.returncode, 2, words)


if __name__ == "__main__":
    unittest.main()
