namespace FitCluster.Math.TwinEb;

/// <summary>What a cell that is not trained on is for. The numbers are those of the shard's extra array "heldOutKind".</summary>
public enum HeldOutKind
{
    /// <summary>Scored after each restart, to choose among restarts.</summary>
    Validation = 1,

    /// <summary>Scored at the end, on held-out rows.</summary>
    Test = 2,

    /// <summary>Neither trained on nor scored.</summary>
    Ignored = 3,
}
