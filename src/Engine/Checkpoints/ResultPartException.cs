namespace FitCluster.Engine;

/// <summary>A shard's part of the results could not be loaded: one sentence.</summary>
/// <param name="message">The sentence.</param>
/// <param name="isDamaged">
/// Whether the part is damaged or gone: trying again cannot help, and the results are to be collected again
/// (<see cref="Messages.CollectAgain"/>). Otherwise the store was away.
/// </param>
public sealed class ResultPartException(string message, bool isDamaged) : IOException(message)
{
    /// <summary>Whether the part is damaged or gone.</summary>
    public bool IsDamaged => isDamaged;
}
