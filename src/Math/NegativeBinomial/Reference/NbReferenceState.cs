using FitCluster.Math.Models;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>The rounds of the reference optimizer.</summary>
internal enum NbReferencePhase
{
    /// <summary>Sums of the data.</summary>
    Describe,

    /// <summary>Histogram on the layout.</summary>
    Histogram,

    /// <summary>One step of SVI.</summary>
    Step,

    /// <summary>Cells take the last step, and the best state where that is wanted.</summary>
    Finish,

    /// <summary>The end.</summary>
    Done,
}

/// <summary>Scalars of the coordinator's state.</summary>
internal enum NbReferenceField
{
    Phase,
    Step,
    IsConverged,
    IsAccepted,
    AppliedSteps,
    IsBest,
    BestLoss,
    BestStep,
    LastBound,
    Low,
    Cells,
    Skipped,
    HasFailed,
}

/// <summary>Scalars of the broadcast beyond those of the tables.</summary>
internal enum NbStepField
{
    /// <summary>The step, from 0: draws and batches are keyed by it.</summary>
    Step,

    /// <summary>Whether the step before it is taken.</summary>
    IsAccepted,

    /// <summary>The number that step has in Adam.</summary>
    AppliedSteps,

    /// <summary>Whether the state after that step is the best so far: to be kept.</summary>
    IsBest,

    /// <summary>Whether the best state is to be taken (at the end).</summary>
    IsRestored,

    /// <summary>Whether a gradient is wanted: not at the end.</summary>
    IsStep,

    /// <summary>Whether all draws are 0 (tests).</summary>
    IsZero,
}

/// <summary>Arrays of the reference optimizer's states and broadcasts.</summary>
internal static class NbReferenceKeys
{
    public static readonly StateKey Parameters = new("parameters");
    public static readonly StateKey M = new("adam_m");
    public static readonly StateKey V = new("adam_v");
    public static readonly StateKey Best = new("best");
    public static readonly StateKey Losses = new("losses");
    public static readonly StateKey Bits = new("layout_bits");
    public static readonly StateKey Present = new("layout_present");
    public static readonly StateKey Histogram = new("histogram");
    public static readonly StateKey Step = new("step");
    public static readonly StateKey Done = new("done");
    public static readonly StateKey Pending = new("pending");

    public static StateFormat<NbReferenceField> Format { get; } = new("nb-reference", 1);
}
