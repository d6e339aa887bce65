using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// How far counts are from their rates r = E u . E v, over training cells: the sums of (x - r)^2, of r, of r^2 and of (x - r)^2 / r
/// (of entries by an r no less than 0.05), and their number. Where zeros are data the sums over all cells are those of products of sums,
/// less the excluded cells: a row costs its non-zeros and L^2.
/// </summary>
internal sealed class ConjugatePoissonMisfit
{
    // A count where next to none was expected is one error, not thousands.
    private const double LeastRate = 0.05;

    private readonly ConjugatePoissonColumns _columns;
    private readonly bool _zerosMissing;

    // sum_j E v_j E v_j', rows of padded length; and its product with a row.
    private readonly double[] _products = [];
    private readonly double[] _product;

    public ConjugatePoissonMisfit(ConjugatePoissonColumns columns, bool zerosMissing)
    {
        (_columns, _zerosMissing, _product) = (columns, zerosMissing, new double[columns.Stride]);
        if (!zerosMissing)
        {
            _products = new double[columns.Stride * columns.Stride];
            for (var j = 0; j < columns.Count; j++)
            {
                var mean = columns.Mean(j);
                for (var l = 0; l < columns.Stride; l++)
                {
                    FactorKernel.AddScaled(mean[l], mean, _products.AsSpan(l * columns.Stride, columns.Stride));
                }
            }
        }
    }

    /// <summary>The sums of (x - r)^2, of r, of r^2 and of (x - r)^2 / r, and the number of cells.</summary>
    public double[] Sums { get; } = new double[5];

    /// <summary>How many times Poisson's the variance of counts is by such sums: the mean of (x - r)^2 / r.</summary>
    public static double VarianceFactor(double[] sums) => sums[3] / double.Max(sums[4], 1);

    /// <summary>Adds the cells of a row of mean E u.</summary>
    public void Add(ConjugateRow row, double[] mean)
    {
        var columns = row.Columns;
        var values = row.Values;
        var (errors, rates, squares, scaled) = (0.0, 0.0, 0.0, 0.0);
        var cells = columns.Length;
        for (var e = 0; e < columns.Length; e++)
        {
            var rate = FactorKernel.Dot(mean, _columns.Mean(columns[e]));
            var error = values[e] - rate;
            errors += error * error;
            scaled += error * error / double.Max(rate, LeastRate);
            (rates, squares) = (rates + rate, squares + (rate * rate));
        }

        if (!_zerosMissing)
        {
            // Of zeros the error is the rate.
            var (all, allSquares) = Whole(row, mean);
            errors += double.Max(allSquares - squares, 0);
            scaled += double.Max(all - rates, 0);
            cells = _columns.Count - row.Excluded.Length;
            (rates, squares) = (all, allSquares);
        }

        Sums[0] += errors;
        Sums[1] += rates;
        Sums[2] += squares;
        Sums[3] += scaled;
        Sums[4] += cells;
    }

    // Over all training cells, zeros too.
    private (double Rates, double Squares) Whole(ConjugateRow row, double[] mean)
    {
        Array.Clear(_product);
        for (var l = 0; l < mean.Length; l++)
        {
            FactorKernel.AddScaled(mean[l], _products.AsSpan(l * mean.Length, mean.Length), _product);
        }

        var (rates, squares) = (FactorKernel.Dot(mean, _columns.Totals), FactorKernel.Dot(mean, _product));
        foreach (var column in row.Excluded)
        {
            var rate = FactorKernel.Dot(mean, _columns.Mean(column));
            (rates, squares) = (rates - rate, squares - (rate * rate));
        }

        return (double.Max(rates, 0), double.Max(squares, 0));
    }
}
