#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# yosys_check.sh YOSYS RTL_FOLDER TOP PARAMETER=VALUE...
#
# Elaborates the module TOP, as for synthesis and with assertions. Ends with 77 when there is no Yosys,
# or with 1 where that is not allowed.
yosys=$1 folder=$2 top=$3
shift 3

if ! "$yosys" -V >/dev/null 2>&1; then
  echo "SKIPPED: Yosys was not found"
  [ "$SWPRUNE_REQUIRE_ORACLES" = 1 ] && exit 1
  exit 77
fi

parameters=
for parameter in "$@"; do
  parameters="$parameters -set ${parameter%%=*} ${parameter#*=}"
done
cd "$folder" || exit 1
files=swp_regs_pkg.sv # before its users
for file in swp_*.sv; do
  [ "$file" = swp_regs_pkg.sv ] || files="$files $file"
done
check="chparam $parameters $top; hierarchy -check -top $top; proc; opt_clean; check -assert"

# elaborate MODE LEAST MOST: how many assertions must be left.
elaborate() {
  if ! log=$("$yosys" -q -p "read_verilog -sv $1 $files; read_verilog $1 swp_top_wrap.v; $check
                             tee -o /dev/stdout select -count t:\$assert" 2>&1); then
    printf "%s\n" "$log"
    exit 1
  fi
  found=$(printf "%s\n" "$log" | sed -n 's/^\([0-9]*\) objects\.$/\1/p')
  found=${found:-0} # a selection of nothing prints no count
  if [ "$found" -lt "$2" ] || [ "$found" -gt "$3" ]; then
    printf "%s\n" "$log"
    echo "read_verilog $1: $found assertions, expected $2 to $3"
    exit 1
  fi
}
elaborate "" 0 0
elaborate -formal 20 1000
