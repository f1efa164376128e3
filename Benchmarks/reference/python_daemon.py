#!/usr/bin/python3
"""The daemon's job done the usual way: PyTorch's GRUCell and the sqlite3 module, in one Python process.

It takes the same lines (a Unix socket, or stdin without --listen), makes the same kind of model with the same settings
(a GRU of 16 units for each stream, unless --hidden says otherwise; before each value a prediction; every k1 = 16 points
one step of Adam on the last k2 = 32 and on an earlier window, by truncated back-propagation through time), scores the
residuals, and stores the same columns in SQLite with WAL and synchronous=FULL, at most a second later or when a `!sync`
asks for it.

It is a reference, not a straw man: one thread for PyTorch, as such small matrices gain nothing from more; no gradients
where none are needed; one transaction for many rows, executemany; GRUCell for one step and nn.GRU with the same weights
for a window, as each is the faster one there. What it leaves out only makes it faster: checks of the lines, anomalies,
checkpoints; its score is a normal tail, not a fitted one.
"""

import argparse
import collections
import math
import os
import socket
import sqlite3
import sys
import time

import torch
from torch import nn

K1, K2 = 16, 32
EARLIER = 8  # windows, of which one is learned from beside the newest
LEARNING_RATE, CLIP, WARMUP = 0.006, 1.0, 128
ROWS_A_COMMIT, SECONDS_A_COMMIT = 50_000, 1.0
BAND = 1.645  # standard deviations: 90 % of a normal distribution


class Stream:
    """One stream's model: scaled value and change in, change of the next value out."""

    loss = nn.HuberLoss()

    def __init__(self, number, hidden):
        torch.manual_seed(number)
        self.number = number
        self.cell = nn.GRUCell(2, hidden)
        self.gru = nn.GRU(2, hidden)
        for name, weights in self.cell.named_parameters():
            setattr(self.gru, name + "_l0", weights)
        self.head = nn.Linear(hidden, 1)
        self.parameters = [*self.cell.parameters(), *self.head.parameters()]
        for matrix in (self.cell.weight_ih, self.cell.weight_hh, self.head.weight):
            nn.init.xavier_uniform_(matrix)
        self.adam = torch.optim.Adam(self.parameters, lr=LEARNING_RATE)
        self.state = torch.zeros(1, hidden)
        # (input, target, state before) of the last k2 points.
        self.window = collections.deque(maxlen=K2)
        self.earlier = collections.deque(maxlen=EARLIER)
        self.input = torch.zeros(1, 2)
        self.sequence = 0
        self.newest = 0
        self.last = self.low = self.high = None
        self.variance = 0.0

    def step(self, moment, value):
        """Predicts, looks, learns; returns the row to store, or None for a late point."""
        if moment <= self.newest:
            return None
        self.newest = moment
        self.sequence += 1
        if self.last is None:
            self.low = self.high = self.last = value
            return (self.number, moment, 0, self.sequence, value, None, None, None, None, 0.0, 2)
        unit = (self.high - self.low) / 2
        before = self.state
        with torch.no_grad():
            self.state = self.cell(self.input, before)
            prediction = self.last + self.head(self.state).item() * unit
        residual = value - prediction
        deviation = math.sqrt(self.variance)
        score = 0.0
        if self.sequence > WARMUP and deviation > 0:
            tail = math.erfc(abs(residual) / deviation / math.sqrt(2))
            score = min(1.0, -math.log10(max(tail, 1e-10)) / 10)
        self.variance += (residual * residual - self.variance) * max(0.002, 1 / self.sequence)
        target = max(-4.0, min(4.0, (value - self.last) / unit)) if unit > 0 else 0.0
        self.window.append((self.input, target, before))
        if (self.sequence - 1) % K1 == 0:
            self.learn()
        self.observe(value)
        row = (
            self.number, moment, 0, self.sequence, value, prediction, prediction - BAND * deviation,
            prediction + BAND * deviation, residual, score, 2 if self.sequence <= WARMUP else 0,
        )
        return row

    def observe(self, value):
        self.low = min(self.low, value)
        self.high = max(self.high, value)
        unit = (self.high - self.low) / 2
        scaled = (value - self.low) / unit - 1 if unit > 0 else 0.0
        change = max(-2.0, min(2.0, (value - self.last) / unit)) if unit > 0 else 0.0
        self.input = torch.tensor([[scaled, change]])
        self.last = value

    def learn(self):
        """One step of Adam on the window and an earlier one, each from the state that was current at its first point."""
        newest = self.tensors()
        windows = [newest]
        if self.earlier:  # Then the newest is as long as they are.
            windows.append(self.earlier[(self.sequence // K1) % len(self.earlier)])
        inputs, targets, before = (torch.cat(parts, dim=1) for parts in zip(*windows))
        self.adam.zero_grad()
        states, _ = self.gru(inputs, before)
        self.loss(self.head(states), targets).backward()
        nn.utils.clip_grad_norm_(self.parameters, CLIP)
        self.adam.step()
        if len(self.window) == K2 and self.sequence // K1 % 2 == 0:
            self.earlier.append(newest)

    def tensors(self):
        """The window's inputs (k2, 1, 2), targets (k2, 1, 1) and the state before it (1, 1, hidden)."""
        inputs, targets, before = zip(*self.window)
        return torch.stack(inputs), torch.tensor(targets).view(-1, 1, 1), before[0].unsqueeze(0)


class Store:
    def __init__(self, path):
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.executescript(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            CREATE TABLE stream (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
            CREATE TABLE point (
                stream_id INTEGER NOT NULL, time INTEGER NOT NULL, channel INTEGER NOT NULL, sequence INTEGER NOT NULL,
                value REAL, prediction REAL, lower REAL, upper REAL, residual REAL, score REAL, flags INTEGER NOT NULL);
            """
        )
        self.names = []
        self.rows = []
        self.due = math.inf

    def add(self, row):
        if not self.rows:
            self.due = time.monotonic() + SECONDS_A_COMMIT
        self.rows.append(row)
        if len(self.rows) >= ROWS_A_COMMIT or time.monotonic() >= self.due:
            self.commit()

    def commit(self):
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany("INSERT INTO stream VALUES (?, ?)", self.names)
        self.database.executemany("INSERT INTO point VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self.rows)
        self.database.execute("COMMIT")
        self.names.clear()
        self.rows.clear()
        self.due = math.inf


class Daemon:
    def __init__(self, store, hidden):
        self.store = store
        self.hidden = hidden
        self.streams = {}

    def line(self, line, answer):
        """Takes one line of the feed, NAME VALUE [TIMESTAMP] or !sync TOKEN."""
        if line.startswith(b"!sync "):
            self.store.commit()
            answer(b"!synced " + line[6:] + b"\n")
            return
        name, value, *moment = line.split()
        stream = self.streams.get(name)
        if stream is None:
            stream = self.streams[name] = Stream(len(self.streams) + 1, self.hidden)
            self.store.names.append((stream.number, name.decode()))
        moment = round(float(moment[0] if moment else time.time()) * 1_000_000)
        row = stream.step(moment, float(value))
        if row is not None:
            self.store.add(row)

    def feed(self, read, answer):
        """Takes all lines until `read` returns nothing."""
        rest = b""
        while data := read(65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line and not line.startswith(b"#"):
                    self.line(line, answer)
        self.store.commit()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--listen", metavar="PATH", help="Unix socket; without it, lines come from stdin")
    arguments.add_argument("--database", metavar="FILE", required=True, help="a new SQLite file")
    arguments.add_argument("--hidden", metavar="N", type=int, default=16, help="units of each GRU (16)")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    daemon = Daemon(Store(options.database), options.hidden)
    if not options.listen:
        daemon.feed(lambda size: os.read(0, size), sys.stdout.buffer.write)
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(options.listen)
        listener.listen()
        while True:
            client, _ = listener.accept()
            with client:
                daemon.feed(client.recv, client.sendall)


if __name__ == "__main__":
    main()
