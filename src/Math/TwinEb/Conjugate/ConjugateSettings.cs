namespace FitCluster.Math.TwinEb;

/// <summary>The numbers of the conjugate optimizer, chosen by the measurements in docs/twineb-default.md.</summary>
internal static class ConjugateSettings
{
    /// <summary>Pseudo-members that draw each component to its side's centre.</summary>
    public const double Strength = 1;

    /// <summary>Pseudo-members that say a component's shape (Gamma) is 1.</summary>
    public const double ShapeStrength = 10;

    /// <summary>Sweeps with one component a side before it is split.</summary>
    public const int SweepsBeforeSplit = 20;

    /// <summary>Sweeps at most, where the options do not say.</summary>
    public const int Sweeps = 500;

    /// <summary>Updates at most of a held-out row, where the options do not say.</summary>
    public const int ProjectionSteps = 200;

    /// <summary>Updates at most of a row that is new where a finished fit goes on, before the first sweep.</summary>
    public const int StepsOfNewRow = 20;

    /// <summary>Updates of a new row under each component alone, before one is chosen to start from.</summary>
    public const int StepsUnderComponent = 5;

    /// <summary>
    /// By how much the ELBO of a new row that started under a component must be above that of its start at the prior's mean (nats, as
    /// exp(3) = 20 to 1). Optima that are nearer to each other are no evidence of one component: their bounds differ by as much.
    /// </summary>
    public const double LeastGainOfStart = 3;

    /// <summary>The relative gain of the objective in one sweep below which a fit has converged, where the options do not say.</summary>
    public const double Tolerance = 1e-5;

    /// <summary>The same for a single row with columns fixed.</summary>
    public const double RowTolerance = 1e-9;

    /// <summary>Rows that are looked at for each component when it starts.</summary>
    public const int CandidatesPerComponent = 4;

    /// <summary>The objective of a round that has none: the state may hold no NaN.</summary>
    public const double NoObjective = -1e300;
}
