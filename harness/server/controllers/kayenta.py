"""What Kayenta posts to a remote judge, and what it reads of the answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.server.documents import Line

Classification = Literal["Pass", "High", "Low", "Nodata", "NodataFailMetric", "Error"]
Number = float | Literal["NaN", "Infinity", "-Infinity"] | None
Share = Annotated[float, Field(ge=0, le=100)]
Word = Annotated[str, Field(max_length=1000)]


class Part(BaseModel):
    """What is read of Kayenta's documents; the rest of them is left aside."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True, strict=True)


class Effect(Part):
    """How much a metric may change: factors on the control."""

    increase: Annotated[float | None, Field(alias="allowedIncrease", gt=0, le=1e6)] = None
    decrease: Annotated[float | None, Field(alias="allowedDecrease", gt=0, le=1e6)] = None


class Analysis(Part):
    """`analysisConfigurations.canary` of a metric."""

    direction: Literal["increase", "decrease", "either"] = "either"
    critical: bool = False
    muted: bool = False
    must_have_data: Annotated[bool, Field(alias="mustHaveData")] = False
    effect: Annotated[Effect, Field(alias="effectSize")] = Effect()


class Analyses(Part):
    """`analysisConfigurations` of a metric."""

    canary: Analysis = Analysis()


class MetricConfig(Part):
    """A metric of the canary configuration."""

    name: Word
    groups: list[Word] = []
    analysis: Annotated[Analyses, Field(alias="analysisConfigurations")] = Analyses()


class JudgeSubject(Part):
    """`judgeConfigurations`: which digest the experiment runs."""

    digest: Word | None = None
    policy: Line | None = None


class JudgeConfig(Part):
    """`canaryConfig.judge`."""

    subject: Annotated[JudgeSubject, Field(alias="judgeConfigurations")] = JudgeSubject()


class CanaryConfig(Part):
    """`canaryConfig`."""

    metrics: Annotated[list[MetricConfig], Field(max_length=500)] = []
    judge: JudgeConfig = JudgeConfig()


class Thresholds(Part):
    """`scoreThresholds`."""

    passing: Annotated[Share, Field(alias="pass", gt=0)]
    marginal: Share


class Values(Part):
    """The values of one metric."""

    control: Annotated[list[Number], Field(max_length=100_000)] = []
    experiment: Annotated[list[Number], Field(max_length=100_000)] = []


class Pair(Part):
    """One metric of control and experiment."""

    name: Word
    id: Word
    tags: Annotated[dict[str, str], Field(max_length=100)] = {}
    values: Values


class JudgeRequest(Part):
    """What Kayenta posts."""

    config: Annotated[CanaryConfig, Field(alias="canaryConfig")]
    thresholds: Annotated[Thresholds, Field(alias="scoreThresholds")]
    pairs: Annotated[list[Pair], Field(alias="metricSetPairList", max_length=500)]


class Result(BaseModel):
    """One metric, classified."""

    name: str
    id: str
    tags: dict[str, str]
    classification: Classification
    classificationReason: str
    groups: list[str]
    experimentMetadata: dict[str, Any]
    controlMetadata: dict[str, Any]
    resultMetadata: dict[str, Any]
    critical: bool
    muted: bool


class Score(BaseModel):
    """A score and its word: Pass, Marginal or Fail."""

    score: float
    classification: Literal["Pass", "Marginal", "Fail"]
    classificationReason: str


class GroupScore(Score):
    """The score of a group."""

    name: str


class JudgeResult(BaseModel):
    """What Kayenta reads."""

    judgeName: str
    results: list[Result]
    groupScores: list[GroupScore]
    score: Score
