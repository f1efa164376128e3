#!/usr/bin/python3
"""What `model-speed` measures, done by PyTorch on one core.

loop: one stream, as each has weights of its own: GRUCell for the prediction of each point, and every 32 points one step
of Adam on the last 32, by a loop of GRUCell, as one writes it first.
separate: the same, but learning by nn.GRU with the same weights, which is faster than the loop.
shared: 1,000 streams with the same weights, stepped and trained as one batch, by nn.GRU.

Prints lines of "name value": points/s of the fastest round.
"""

import argparse
import time

import torch
from torch import nn


class Learner:
    def __init__(self, hidden, batch, window, loops):
        self.window = window
        self.loops = loops
        self.cell = nn.GRUCell(2, hidden)
        self.gru = nn.GRU(2, hidden)
        for name, weights in self.cell.named_parameters():
            setattr(self.gru, name + "_l0", weights)
        self.head = nn.Linear(hidden, 1)
        self.parameters = [*self.cell.parameters(), *self.head.parameters()]
        self.adam = torch.optim.Adam(self.parameters, lr=0.003)
        self.loss = nn.MSELoss()
        self.state = torch.zeros(batch, hidden)
        self.start = self.state
        self.inputs, self.targets = [], []

    def point(self, inputs, targets):
        """One point of each stream: predict it, and learn when it is time. inputs (B, 2), targets (B, 1)."""
        with torch.no_grad():
            self.state = self.cell(inputs, self.state)
            prediction = self.head(self.state)
        self.inputs.append(inputs)
        self.targets.append(targets)
        if len(self.inputs) == self.window:
            self.adam.zero_grad()
            states = self.run()
            self.loss(self.head(states), torch.stack(self.targets)).backward()
            nn.utils.clip_grad_norm_(self.parameters, 1.0)
            self.adam.step()
            self.inputs, self.targets = [], []
            self.start = self.state
        return prediction

    def run(self):
        """The states (window, B, H) of the window."""
        if not self.loops:
            return self.gru(torch.stack(self.inputs), self.start.unsqueeze(0))[0]
        state, states = self.start, []
        for row in self.inputs:
            state = self.cell(row, state)
            states.append(state)
        return torch.stack(states)


def rate(learner, batch, points, seconds):
    """Points/s of the fastest round of `points` points of each stream."""
    inputs = torch.randn(points, batch, 2)
    targets = torch.randn(points, batch, 1)
    best = 0.0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        for i in range(points):
            learner.point(inputs[i], targets[i])
        best = max(best, points * batch / (time.perf_counter() - start))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--window", type=int, default=32, help="k1 = k2 (32)")
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    rounds = (("loop", 1, 20), ("separate", 1, 20), ("shared", 1000, 2))
    for name, batch, windows in rounds:
        learner = Learner(options.hidden, batch, options.window, loops=name == "loop")
        points = windows * options.window
        print(f"{name}_points_per_second {rate(learner, batch, points, options.seconds):.0f}", flush=True)
    print(f"torch {torch.__version__}")


if __name__ == "__main__":
    main()
