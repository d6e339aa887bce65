namespace FitCluster.Models.TwinEb;

/// <summary>The columns of the highest predictive means that a row has not seen. Not thread-safe: each thread has its own.</summary>
/// <param name="predictor">The fit's predictions.</param>
/// <param name="seen">What rows have seen; owned.</param>
/// <param name="top">Columns for each row at most.</param>
/// <param name="columns">The columns of the fit.</param>
internal sealed class Recommender(TwinEbPredictor predictor, SeenCells seen, int top, int columns)
{
    private readonly bool[] _isSeen = new bool[columns];
    private readonly TopColumns _best = new(top);

    /// <summary>The best columns of a row, the best first.</summary>
    public (int Column, double Score)[] Best(int row)
    {
        seen.Read(row, _isSeen);
        _best.Clear();
        for (var column = 0; column < _isSeen.Length; column++)
        {
            if (!_isSeen[column])
            {
                _best.Add(column, predictor.Mean(row, column));
            }
        }

        return [.. Enumerable.Range(0, _best.Count).Select(rank => _best[rank])];
    }
}
