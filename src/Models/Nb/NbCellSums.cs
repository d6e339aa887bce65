using FitCluster.Messages;

namespace FitCluster.Models.Nb;

/// <summary>
/// What checks need of cells, added up by leaf: their weights (responsibilities), powers of their capture, and their capture in narrow bins
/// of its logarithm, of which a cell's chance of a zero is a smooth function.
/// </summary>
/// <param name="components">K.</param>
/// <param name="datasets">D.</param>
internal sealed class NbCellSums(int components, int datasets)
{
    private const double BinWidth = 0.2;
    private const int Bins = 100;

    private readonly double[] _powers = new double[components * datasets * 5];
    private readonly double[] _weights = new double[components * datasets * Bins];
    private readonly double[] _captures = new double[components * datasets * Bins];
    private readonly double[] _squares = new double[components * datasets * Bins];

    /// <summary>The cells.</summary>
    public long Cells { get; private set; }

    /// <summary>Leaves.</summary>
    public int Leaves => components * datasets;

    /// <summary>Adds a shard's rows.</summary>
    /// <param name="results">Their results: capture_mean and responsibilities where the model has them.</param>
    /// <param name="dataset">By row of the shard: its dataset.</param>
    public void Add(ArraySet results, ReadOnlySpan<int> dataset)
    {
        var capture = results.Contains("capture_mean") ? results["capture_mean"] : null;
        var shares = results.Contains("responsibilities") ? results["responsibilities"] : null;
        for (var i = 0; i < dataset.Length; i++)
        {
            Add(capture?[i] ?? 1, shares is null ? [] : shares.AsSpan(i * components, components), dataset[i]);
        }
    }

    /// <summary>Adds a cell.</summary>
    /// <param name="capture">Its capture.</param>
    /// <param name="shares">Its responsibilities; empty for one component.</param>
    /// <param name="dataset">Its dataset.</param>
    public void Add(double capture, ReadOnlySpan<double> shares, int dataset)
    {
        Cells++;
        var bin = (int)double.Clamp(-double.Log(double.Max(capture, 1e-300)) / BinWidth, 0, Bins - 1);
        for (var k = 0; k < components; k++)
        {
            var leaf = (k * datasets) + dataset;
            var share = shares.IsEmpty ? 1 : shares[k];
            _weights[(leaf * Bins) + bin] += share;
            _captures[(leaf * Bins) + bin] += share * capture;
            _squares[(leaf * Bins) + bin] += share * capture * capture;
            for (var power = 0; power < 5; power++)
            {
                _powers[(leaf * 5) + power] += share;
                share *= capture;
            }
        }
    }

    /// <summary>The mean over all cells of a leaf's share in them times capture to the power 0 to 4.</summary>
    public double Power(int leaf, int power) => _powers[(leaf * 5) + power] / Cells;

    /// <summary>Two points for each bin of a leaf that has cells, of its mean and variance: share of all cells, and capture.</summary>
    public IEnumerable<(double Share, double Capture)> Of(int leaf)
    {
        for (var at = leaf * Bins; at < (leaf + 1) * Bins; at++)
        {
            if (_weights[at] > 0)
            {
                var mean = _captures[at] / _weights[at];
                var sd = double.Sqrt(double.Max(0, (_squares[at] / _weights[at]) - (mean * mean)));
                yield return (0.5 * _weights[at] / Cells, mean - sd);
                yield return (0.5 * _weights[at] / Cells, mean + sd);
            }
        }
    }
}
