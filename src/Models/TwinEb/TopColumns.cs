namespace FitCluster.Models.TwinEb;

/// <summary>The few best of many columns: highest scores first, of equal ones the column that comes first. Owns its buffers.</summary>
/// <param name="most">How many are kept at most.</param>
internal sealed class TopColumns(int most)
{
    private readonly double[] _scores = new double[most];
    private readonly int[] _columns = new int[most];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    public (int Column, double Score) this[int rank] => (_columns[rank], _scores[rank]);

    public void Clear() => Count = 0;

    /// <summary>Takes a column; columns come in ascending order.</summary>
    public void Add(int column, double score)
    {
        if (Count == most && !(score > _scores[most - 1]))
        {
            return;
        }

        var at = Count < most ? Count++ : most - 1;
        for (; at > 0 && score > _scores[at - 1]; at--)
        {
            (_scores[at], _columns[at]) = (_scores[at - 1], _columns[at - 1]);
        }

        (_scores[at], _columns[at]) = (score, column);
    }
}
