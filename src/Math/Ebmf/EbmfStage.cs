namespace FitCluster.Math.Ebmf;

/// <summary>Which part of the fit the coordinator is in. The number is part of checkpoints.</summary>
internal enum EbmfStage
{
    /// <summary>Describing the data; the model without factors.</summary>
    Null,

    /// <summary>Fitting factor k that has fixed entries.</summary>
    Fixed,

    /// <summary>All factors come in at once: given ones, or those of a singular value decomposition.</summary>
    Together,

    /// <summary>Refining the factors of a finished fit, before others are added.</summary>
    Resume,

    /// <summary>Trying a new factor.</summary>
    Greedy,

    /// <summary>The factor that was tried is gone: what the variances are without it.</summary>
    Restore,

    /// <summary>Refining all factors together.</summary>
    Backfit,

    /// <summary>Trying the fit without each factor.</summary>
    Nullcheck,

    /// <summary>Looking at some factors a second time.</summary>
    Look,

    /// <summary>The last sweep, which also yields local false sign rates.</summary>
    Final,

    /// <summary>Done.</summary>
    Done,
}
