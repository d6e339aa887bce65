using FitCluster.Models.Jobs;

namespace FitCluster.Models.Results;

/// <summary>
/// Predictive moments of cells whose row or column may be unknown: an unknown row is one of the fit's drawn at random, all alike, and so is
/// an unknown column. With the moments m and s^2 of the cells that it may then be, the mean is the mean of m, and the variance that of m
/// and the mean of s^2 together. Not thread-safe.
/// </summary>
/// <param name="predictor">The moments of known cells.</param>
/// <param name="rows">The rows of the fit.</param>
/// <param name="columns">The columns of the fit.</param>
internal sealed class AveragePredictor(ICellPredictor predictor, int rows, int columns)
{
    /// <summary>The position of what is not known.</summary>
    public const int Unknown = -1;

    private readonly Dictionary<(int Row, int Column), (double Mean, double Sd)> _known = [];
    private (double Mean, double Sd)[]? _rowOfEachColumn;

    /// <summary>
    /// The mean and standard deviation of a cell; the standard deviation is over the cells whose own is known, and NaN where none is.
    /// </summary>
    public (double Mean, double Sd) Of(int row, int column)
    {
        if (row != Unknown && column != Unknown)
        {
            return (predictor.Mean(row, column), predictor.Sd(row, column));
        }

        if (!_known.TryGetValue((row, column), out var found))
        {
            found = row != Unknown ? Mixture(columns, j => Cell(row, j))
                : column != Unknown ? Mixture(rows, i => Cell(i, column))
                : Mixture(columns, UnknownRow);
            _known.Add((row, column), found);
        }

        return found;
    }

    private (double Mean, double Sd) Cell(int row, int column) =>
        (predictor.Mean(row, column), predictor.HasSd(row, column) ? predictor.Sd(row, column) : double.NaN);

    /// <summary>An unknown row in each column: all are needed where the column is not known either.</summary>
    private (double Mean, double Sd) UnknownRow(int column)
    {
        if (_rowOfEachColumn is null)
        {
            var all = new (double Mean, double Sd)[columns];
            InParallel.For(columns, Environment.ProcessorCount, j => all[j] = Mixture(rows, i => Cell(i, j)));
            _rowOfEachColumn = all;
        }

        return _rowOfEachColumn[column];
    }

    private static (double Mean, double Sd) Mixture(int count, Func<int, (double Mean, double Sd)> part)
    {
        var parts = new (double Mean, double Sd)[count];
        var mean = 0.0;
        for (var i = 0; i < count; i++)
        {
            parts[i] = part(i);
            mean += parts[i].Mean / count;
        }

        // By the largest term, so that no square overflows.
        var (largest, seen) = (0.0, 0);
        foreach (var (m, s) in parts.Where(one => !double.IsNaN(one.Sd)))
        {
            largest = double.Max(largest, double.Max(s, double.Abs(m - mean)));
            seen++;
        }

        if (seen == 0 || largest == 0)
        {
            return (mean, seen == 0 ? double.NaN : 0);
        }

        var sum = 0.0;
        foreach (var (m, s) in parts.Where(one => !double.IsNaN(one.Sd)))
        {
            var (spread, own) = ((m - mean) / largest, s / largest);
            sum += ((spread * spread) + (own * own)) / seen;
        }

        return (mean, largest * double.Sqrt(sum));
    }
}
