#!/usr/bin/env python3
"""Writes the tables of docs/benchmarks.md from docs/benchmarks/*.json, between the marks that name the file.

    python3 tests/bench/report.py
"""
import json
import pathlib
import re
import statistics

MARK = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
# GGUF types of llama.cpp, and what of ours keeps its matrices in as many bits: the end of a result's name.
RIVALS = {"bf16": "", "q8_0": " int8", "q4_0": " nf4"}


def median_ratio(rounds, arm, key, suffix=""):
    """Of the rounds that have both: ours, of that form, to the arm's."""
    ratios = [found["llamahome"][key + suffix] / found[arm][key] for found in rounds
              if arm in found and key + suffix in found.get("llamahome", {})]
    return (statistics.median(ratios), min(ratios), max(ratios)) if ratios else None


def middle(rounds, arm, key):
    values = [found[arm][key] for found in rounds if arm in found and found[arm].get(key) is not None]
    return statistics.median(values) if values else None


def number(value, digits=0):
    return "" if value is None else f"{value:,.{digits}f}"


def ratio(found, digits=2):
    if found is None:
        return ""
    middle_one, low, high = found
    return f"**{middle_one:.{digits}f}** ({low:.{digits}f}–{high:.{digits}f})"


def source(record):
    """When, where and with what it was measured."""
    where = record["machine"]
    versions = next((result["versions"] for found in record.get("rounds", []) for result in found.values()
                     if "versions" in result), None)
    text = (f"`{record['command']}`, {record['date']}, commit {record['commit']}, {where['processor']} "
            f"(family {where['family']}, model {where['model']}), {record['threads']} threads")
    if versions:
        text += ", " + ", ".join(f"{name} {version}" for name, version in versions.items())
    return text + f"; [raw figures](benchmarks/{record['name']}.json)."


def training(record):
    rounds = record["rounds"]
    arms = list(dict.fromkeys(arm for found in rounds for arm in found))
    lines = ["| program | tokens/s | ours : it | peak RSS, MiB | ours : it | anonymous, MiB "
             "| first step after, s | first loss |", "|---|---|---|---|---|---|---|---|"]
    for arm in sorted(arms, key=lambda arm: arm != "llamahome"):
        is_ours = arm == "llamahome"
        lines.append("| " + " | ".join([
            "LlamaHome" if is_ours else f"transformers + peft, {arm}",
            number(middle(rounds, arm, "tokens_per_second"), 1),
            "" if is_ours else ratio(median_ratio(rounds, arm, "tokens_per_second")),
            number(middle(rounds, arm, "peak_rss_mib")),
            "" if is_ours else ratio(median_ratio(rounds, arm, "peak_rss_mib")),
            number(middle(rounds, arm, "peak_anonymous_mib")),
            number(middle(rounds, arm, "seconds_to_first_step"), 1),
            f"{record['first_loss'][arm]:.4f}"]) + " |")
    for arm, failure in record["failures"].items():
        lines.append(f"| transformers + peft, {arm} | no figure: {failure} | | | | | | |")
    share = middle(rounds, "llamahome", "bound_share")
    parts = ", ".join(f"{name} {part['seconds']:.2f} s ({part['gflop'] / part['seconds']:,.0f} GFLOP/s)"
                      for name, part in rounds[-1]["llamahome"]["bound"].items())
    text = f"Of the bound measured in the same run LlamaHome has {100 * share:.0f} % (its parts: {parts})"
    if record["padding_share"] > 0.005:
        text += f"; {100 * record['padding_share']:.0f} % of the peer's places are padding"
    return "\n".join([*lines, "", text + ". " + source(record)])


def bound_share(rounds, name):
    """Per cent of its bound that a result of ours has, the rounds' median; nothing where none has that name."""
    shares = [result["bound_share"] for found in rounds for result in found["llamahome"]["results"]
              if result["name"] == name]
    return f"{100 * statistics.median(shares):.0f} %" if shares else None


def inference(record):
    rounds = record["rounds"]
    lines = ["| program | prefill, tokens/s | ours : it | decode, tokens/s | ours : it | peak RSS, MiB |",
             "|---|---|---|---|---|---|"]
    for arm, suffix in RIVALS.items():
        ours, its = [f"LlamaHome,{suffix or ' bf16'}"], [f"llama.cpp, {arm}"]
        for key in ("infer prefill", "infer decode"):
            ours += [number(middle(rounds, "llamahome", key + suffix)), ""]
            its += [number(middle(rounds, arm, key)), ratio(median_ratio(rounds, arm, key, suffix))]
        ours.append("" if suffix else number(middle(rounds, "llamahome", "peak_rss_mib")))
        its.append(number(middle(rounds, arm, "peak_rss_mib")))
        known = [ours, its] if "infer decode" + suffix in rounds[0]["llamahome"] else [its]
        lines += ["| " + " | ".join(cells) + " |" for cells in known]
    decode = [f"{share} in{suffix or ' bf16'}" for suffix in RIVALS.values()
              if (share := bound_share(rounds, "infer decode" + suffix))]
    text = (f"Of the bounds of the same run LlamaHome has {bound_share(rounds, 'infer prefill')} in prefill "
            f"(products) and, in decode (every weight read once a token), {', '.join(decode)}. ")
    return "\n".join([*lines, "", text + source(record)])


def best(point):
    return max(point["runs"], key=lambda run: run["tokens_per_second"])


def scaling(record):
    names = {"tokens": "tokens a step", "length": "tokens a row, 4,096 a step", "rank": "rank",
             "supervised": "% supervised", "threads": "threads"}
    lines = ["| changed | to | tokens/s | ms a token | of the bound | peak RSS, MiB | anonymous, MiB |",
             "|---|---|---|---|---|---|---|"]
    for name, points in record["curves"].items():
        for point in points:
            run = best(point)
            lines.append(f"| {names[name]} | {point['value']:,} | {run['tokens_per_second']:,.0f} | "
                         f"{1e3 / run['tokens_per_second']:.3f} | {100 * run['bound_share']:.0f} % | "
                         f"{run['peak_rss_mib']:,.0f} | {run['peak_anonymous_mib']:,.0f} |")
    return "\n".join([*lines, "", source(record)])


def table(record):
    if "curves" in record:
        return scaling(record)
    return inference(record) if record["name"] == "infer" else training(record)


def write(results, page):
    """Fills every marked place of `page` whose file is there."""
    def filled(match):
        file = results / f"{match.group(2)}.json"
        if not file.exists():
            return match.group(0)
        return f"{match.group(1)}{table(json.loads(file.read_text()))}\n{match.group(3)}"

    page.write_text(MARK.sub(filled, page.read_text()))


if __name__ == "__main__":
    DOCS = pathlib.Path(__file__).parent.parent.parent / "docs"
    write(DOCS / "benchmarks", DOCS / "benchmarks.md")
