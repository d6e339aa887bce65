namespace FitCluster.Math.TwinEb;

/// <summary>
/// The variational posterior q of one side (the rows of a shard, or all columns), from which a held-out score draws. Draws
/// depend on (seed, draw, row or column) alone, never on how many are asked for at once.
/// </summary>
public interface ISideSampler
{
    /// <summary>
    /// Writes the factors of entities first, first + 1, ... (count x L, row-major) in draw number <paramref name="draw"/>.
    /// </summary>
    void Draw(int draw, int first, int count, Span<double> factors);

    /// <summary>Writes the posterior means of entities first, first + 1, ... (count x L, row-major).</summary>
    void Mean(int first, int count, Span<double> factors);
}
