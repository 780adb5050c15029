"""The Kubernetes manifests: our commands take what they say, secrets are references, pods may do little."""

from typing import Any

import pytest
import yaml

from tests.unit.deploy.files import DEPLOY, MANIFESTS, filled_in, longest_end_seconds, manifests, pods, problem_of

PODS: dict[str, dict[str, Any]] = dict(pods())
OBJECTS = list(manifests())


def container(pod: str) -> dict[str, Any]:
    (found,) = PODS[pod]["containers"]
    assert isinstance(found, dict)
    return found


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in OBJECTS if each["kind"] == kind}


def test_workers_a_console_and_the_job_that_makes_the_tables() -> None:
    assert set(PODS) == {"handrail-worker", "handrail-console", "handrail-migrate"}
    assert {name: each["spec"]["replicas"] for name, each in of_kind("Deployment").items()} == {
        "handrail-worker": 2,
        "handrail-console": 2,
    }


@pytest.mark.parametrize("pod", PODS)
def test_the_commands_of_ours_exist_with_their_options(pod: str) -> None:
    assert problem_of(filled_in(container(pod)["args"], of_kind("ConfigMap")["handrail"]["data"])) is None


@pytest.mark.parametrize("pod", PODS)
def test_a_pod_may_do_little_and_asks_for_what_it_needs(pod: str) -> None:
    """As the restricted standard has it, which the namespace holds them to."""
    found = container(pod)

    assert PODS[pod]["securityContext"]["runAsNonRoot"] is True
    assert PODS[pod]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert PODS[pod]["automountServiceAccountToken"] is False
    assert found["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"cpu", "memory"} <= set(found["resources"]["requests"])
    assert {each["mountPath"] for each in found["volumeMounts"]} == {"/tmp"}  # noqa: S108 -- a path in a pod


@pytest.mark.parametrize("pod", PODS)
def test_secrets_are_references(pod: str) -> None:
    for each in container(pod)["env"]:
        assert set(each) == {"name", "valueFrom"}
        assert each["valueFrom"]["secretKeyRef"]["name"] == "handrail"
    assert not of_kind("Secret")


def test_a_pod_has_the_time_to_hand_its_runs_back() -> None:
    for name in ("handrail-worker", "handrail-console"):
        assert PODS[name]["terminationGracePeriodSeconds"] > longest_end_seconds() + 5  # what preStop sleeps


def test_a_drained_node_leaves_one_of_each() -> None:
    deployments = of_kind("Deployment")
    budgets = of_kind("PodDisruptionBudget")

    assert set(budgets) == set(deployments)
    for name, budget in budgets.items():
        assert budget["spec"]["selector"] == deployments[name]["spec"]["selector"]
        labels = deployments[name]["spec"]["template"]["metadata"]["labels"]
        assert budget["spec"]["selector"]["matchLabels"] == labels
        assert budget["spec"]["minAvailable"] < deployments[name]["spec"]["replicas"]


def test_the_console_is_asked_for_its_health_where_it_tells_it() -> None:
    found = container("handrail-console")

    assert found["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert found["readinessProbe"]["httpGet"]["path"] == "/readyz"
    (port,) = found["ports"]
    assert port == {"name": "http", "containerPort": 8377}
    (service,) = of_kind("Service").values()
    assert service["spec"]["selector"] == of_kind("Deployment")["handrail-console"]["spec"]["selector"]["matchLabels"]
    assert not {"livenessProbe", "readinessProbe", "ports"} & set(container("handrail-worker"))


def test_kustomize_takes_all_of_them() -> None:
    listed = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())["resources"]

    assert sorted(listed) == [path.name for path in MANIFESTS]
