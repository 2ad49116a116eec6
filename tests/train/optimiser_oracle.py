# SPDX-License-Identifier: Apache-2.0
"""What PyTorch does, for a JSON list of cases: of an optimiser the weights after each of 40 steps,
of a schedule the learning rate of every step, one line a step."""

import json
import math
import sys
import warnings

import torch

SIZE = 7


def optimiser(o):
    torch.set_default_dtype(torch.float64)
    w = torch.nn.Parameter(torch.tensor([math.cos(i) for i in range(SIZE)]))
    b = torch.nn.Parameter(torch.tensor([math.cos(i + 100.0) for i in range(SIZE)]))
    decay = o.pop("weight_decay")
    groups = [
        {"params": [w], "weight_decay": decay},
        {"params": [b], "weight_decay": decay if o.pop("decay_all") else 0.0},
    ]
    clip = o.pop("clip_norm")
    kind = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[o.pop("kind")]
    if "beta1" in o:
        o["betas"] = (o.pop("beta1"), o.pop("beta2"))
    opt = kind(groups, lr=1.0, **o)
    for t in range(40):
        for p, phase in ((w, 0.0), (b, 2.0)):
            noise = torch.tensor([math.sin(0.7 * i + 1.3 * t + phase) for i in range(SIZE)])
            p.grad = 0.5 * noise + 0.1 * p.detach()
        if clip > 0:
            torch.nn.utils.clip_grad_norm_([w, b], clip)
        for g in opt.param_groups:
            g["lr"] = 0.05 / (1 + 0.1 * t)
        opt.step()
        print(*[repr(x) for x in w.tolist() + b.tolist()])


def schedule(o):
    steps, warm, rate = o["steps"], o["warmup_steps"], o["rate"]
    opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    s = torch.optim.lr_scheduler
    if o["kind"] == "one_cycle":
        start, final = o["warmup_rate"], o["final_rate"]
        now = s.OneCycleLR(
            opt,
            rate,
            total_steps=steps,
            pct_start=o["warmup_share"],
            div_factor=rate / start,
            final_div_factor=start / final,
            cycle_momentum=False,
        )
    else:
        after = {
            "constant": lambda: s.ConstantLR(opt, factor=1.0),
            "step": lambda: s.MultiStepLR(
                opt, [m - warm for m in o["milestone_steps"]], gamma=o["factor"]
            ),
            "cosine": lambda: s.CosineAnnealingLR(opt, steps - warm, eta_min=o["final_rate"]),
        }[o["kind"]]()
        now = after
        if warm > 0:
            up = s.LinearLR(opt, start_factor=o["warmup_rate"] / rate, total_iters=warm)
            now = s.SequentialLR(opt, [up, after], milestones=[warm])
    for step in range(steps):
        print(repr(opt.param_groups[0]["lr"]))
        opt.step()
        if step + 1 < steps:
            now.step()


warnings.simplefilter("ignore")  # SequentialLR calls what PyTorch itself calls deprecated
for case in json.loads(sys.argv[1]):
    (schedule if "steps" in case else optimiser)(case)
