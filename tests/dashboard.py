"""The Grafana dashboard against the file of a real run: every metric and label that it names is in the file, every panel has
what a reader needs. Writes its expressions as rules, and a test in which each must find something, for promtool.
usage: dashboard.py DASHBOARD METRICS RULES TEST"""
import json
import re
import sys

problems = []


def check(holds, problem):
    if not holds:
        problems.append(problem)


dashboard = json.load(open(sys.argv[1]))
series = [re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line.strip()).groups() for line in open(sys.argv[2]) if line[0] != "#"]
names = {name for name, _, _ in series}
labels = {"instance"} | set(re.findall(r'(\w+)="', " ".join(l for _, l, _ in series if l)))
variables = {v["name"]: v for v in dashboard["templating"]["list"]}
check(variables["datasource"]["type"] == "datasource" and variables["datasource"]["query"] == "prometheus", "no variable for the data source")
check(re.fullmatch(r"label_values\((\w+), instance\)", variables["instance"]["query"]["query"])[1] in names, "the sensors' variable asks for no metric of ours")

expressions, taken, ids = [], set(), set()
for panel in dashboard["panels"]:
    title, place = panel["title"], panel["gridPos"]
    check(panel["id"] not in ids, f"{title}: its id twice")
    ids.add(panel["id"])
    cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
    check(not cells & taken and place["x"] + place["w"] <= 24, f"{title}: lies over another or beyond the edge")
    taken |= cells
    if panel["type"] == "row":
        continue
    check(panel["description"] and panel["fieldConfig"]["defaults"]["unit"], f"{title}: no description or unit")
    check(panel["targets"] and panel["datasource"]["uid"] == "${datasource}", f"{title}: nothing to show, or another source")
    for target in panel["targets"]:
        check(target["datasource"]["uid"] == "${datasource}", f"{title}: another source")
        check(set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= labels, f"{title}: its legend names a label that is none")
        expressions.append((title, target["expr"]))
expressions += [(a["name"], a["expr"]) for a in dashboard["annotations"]["list"]]

rules = []
for title, expr in expressions:
    check(expr.count("$instance") == len(re.findall(r"\bradome_\w+", expr)), f"{title}: not of the chosen sensors alone: {expr}")
    check(set(re.findall(r"\bradome_\w+", expr)) <= names, f"{title}: no such metric: {set(re.findall(r'radome_[a-z_]+', expr)) - names}")
    check(set(re.findall(r'(\w+)=~?"', expr)) <= labels, f"{title}: no such label: {expr}")
    for variable, value in {"$instance": "a|b", "$__rate_interval": "5m"}.items():
        expr = expr.replace(variable, value)
    check("$" not in expr, f"{title}: a variable that is none: {expr}")
    rules.append({"record": f"dashboard:panel{len(rules)}", "expr": expr})
json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, open(sys.argv[3], "w"))

# Every series of the file, growing, from one sensor: each expression must find something in them.
grows = [{"series": f'{name}{{{labels + "," if labels else ""}instance="a"}}', "values": f"{float(value):.0f}+9x70"} for name, labels, value in series]
finds = [{"expr": f"count({rule['expr']}) > bool 0", "eval_time": "70m", "exp_samples": [{"labels": "{}", "value": 1}]} for rule in rules]
json.dump({"rule_files": [], "evaluation_interval": "1m", "tests": [{"interval": "1m", "input_series": grows, "promql_expr_test": finds}]}, open(sys.argv[4], "w"))
print(f"{len(rules)} expressions")
for problem in problems:
    print(problem)
sys.exit(len(problems) > 0 or len(rules) < 30)
