"""Checks the manifest of an indexed Job: every field is one that batch/v1 has, with its type, and what the
shards need is there. Prints how many shards there are, and the command of a pod.

    python3 job_check.py MANIFEST
"""
import sys

import jsonschema
import yaml


def strict(required, **properties):
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


text = {"type": "string"}
number = {"type": "integer", "minimum": 0}
switch = {"type": "boolean"}
quantities = {"type": "object", "additionalProperties": {"type": "string", "pattern": r"^[0-9]+(m|Mi|Gi)?$"}}

# The fields of batch/v1 Job that a sweep has a use for (Kubernetes 1.30, API reference).
container = strict(
    ["name", "image", "command", "args", "resources", "securityContext", "volumeMounts"],
    name=text, image=text, command={"type": "array", "items": text}, args={"type": "array", "items": text},
    resources=strict(["requests", "limits"], requests=quantities, limits=quantities),
    securityContext=strict(
        ["allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities"],
        allowPrivilegeEscalation={"const": False}, readOnlyRootFilesystem={"const": True},
        capabilities=strict(["drop"], drop={"const": ["ALL"]})),
    volumeMounts={"type": "array", "items": strict(["name", "mountPath"], name=text, mountPath=text)})
pod = strict(
    ["restartPolicy", "containers", "volumes", "securityContext"],
    restartPolicy={"enum": ["OnFailure", "Never"]}, automountServiceAccountToken=switch,
    securityContext=strict(["runAsNonRoot"], runAsNonRoot={"const": True}, runAsUser=number, fsGroup=number,
                           seccompProfile=strict(["type"], type={"const": "RuntimeDefault"})),
    containers={"type": "array", "minItems": 1, "maxItems": 1, "items": container},
    volumes={"type": "array", "items": strict(
        ["name"], name=text, persistentVolumeClaim=strict(["claimName"], claimName=text))})
job = strict(
    ["apiVersion", "kind", "metadata", "spec"],
    apiVersion={"const": "batch/v1"}, kind={"const": "Job"},
    metadata=strict(["name"], name={"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"}),
    spec=strict(["completionMode", "completions", "parallelism", "template"],
                completionMode={"const": "Indexed"}, completions=number, parallelism=number, backoffLimit=number,
                template=strict(["spec"], spec=pod)))

with open(sys.argv[1]) as file:
    manifest = yaml.safe_load(file)
jsonschema.validate(manifest, job)
spec = manifest["spec"]
inner = spec["template"]["spec"]
one = inner["containers"][0]
assert {m["name"] for m in one["volumeMounts"]} == {v["name"] for v in inner["volumes"]}
command = one["args"][0]
assert f'))/{spec["completions"]}"' in command, "completions and shards differ"
print(spec["completions"])
print(command)
