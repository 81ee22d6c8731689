#!/usr/bin/env python3
"""Makes tests/data/parity/early_stopping.json by running transformers' EarlyStoppingCallback.

Needs: transformers 5. Each case: patience, min_delta, eval losses; expected: the evaluation after which it
stopped (0-based, or null) and the index of the best loss by the Trainer's rule.
"""
import json
import pathlib
import random

import transformers
from transformers import EarlyStoppingCallback, TrainerControl, TrainerState, TrainingArguments

TARGET = pathlib.Path(__file__).resolve().parent.parent / "data" / "parity" / "early_stopping.json"


def run(patience, min_delta, losses):
    arguments = TrainingArguments(output_dir="unused", metric_for_best_model="eval_loss", greater_is_better=False,
                                  load_best_model_at_end=True, eval_strategy="steps", save_strategy="steps",
                                  eval_steps=1, save_steps=1, report_to=[], use_cpu=True)
    callback = EarlyStoppingCallback(patience, min_delta)
    state, control = TrainerState(), TrainerControl()
    best = None
    for index, loss in enumerate(losses):
        callback.on_evaluate(arguments, state, control, metrics={"eval_loss": loss})
        if state.best_metric is None or loss < state.best_metric:  # Trainer._determine_best_metric
            state.best_metric, best = loss, index
        if control.should_training_stop:
            return index, best
    return None, best


def main():
    rng = random.Random(5)
    lists = [
        [1.0, 0.9, 0.8, 0.7],
        [1.0, 1.1, 1.2, 1.3, 1.4],
        [1.0, 0.995, 0.99, 0.985, 0.98],
        [1.0, 0.75, 0.75, 0.5, 0.5, 0.5, 0.5],
        [2.0, 1.0, 1.5, 0.99, 1.5, 0.5],
    ]
    for _ in range(40):
        level, losses = 3.0, []
        for _ in range(rng.randint(3, 14)):
            level += rng.choice([-0.5, -0.25, -0.125, -0.0625, 0.0, 0.0625, 0.25])
            losses.append(level)
        lists.append(losses)
    cases = []
    for losses in lists:
        for patience in (1, 2, 3):
            for min_delta in (0.0, 0.0625, 0.25):
                stop, best = run(patience, min_delta, losses)
                cases.append(dict(patience=patience, min_delta=min_delta, losses=losses, stops_at=stop, best=best))
    TARGET.write_text(json.dumps(dict(transformers=transformers.__version__, cases=cases)) + "\n")
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
