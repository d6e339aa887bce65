using System.Numerics.Tensors;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The unit that a fit measures its data in: the power of two below the largest entry. Within the fit all is of Y / unit, so that data
/// times any power of two give the same bits, and no square leaves the range of doubles. Either side of a factor is in a unit of its own,
/// both together in the data's: sqrt(unit) each, but a side with fixed entries in 1. This is the border: what comes in is divided, what
/// goes out is multiplied (docs/ebmf.md, "Units").
/// </summary>
internal sealed class EbmfUnit
{
    private readonly double _unit;
    private readonly double[] _factors;

    /// <summary>The unit of a fit's data.</summary>
    /// <param name="unit">The power of two.</param>
    /// <param name="options">The options as they came.</param>
    public EbmfUnit(double unit, EbmfOptions options)
        : this(unit, [.. Enumerable.Range(0, options.FixedFactorCount).Select(k => HasFixedEntries(options, k) ? 1 : unit)])
    {
    }

    /// <summary>A unit with those of the first factors, powers of two; loadings are in what is left.</summary>
    public EbmfUnit(double unit, double[] factors) => (_unit, _factors) = (unit, factors);

    /// <summary>The power of two below this; 1 below 0.</summary>
    public static double Of(double largest) => largest > 0 ? double.ScaleB(1, double.ILogB(largest)) : 1;

    /// <summary>The largest absolute entry of a block.</summary>
    public static double Largest(MatrixBlock block)
    {
        var largest = 0.0;
        for (var i = 0; i < block.Rows; i++)
        {
            var values = block.IsSparse ? block.RowValues(i) : block.DenseRows(i, 1);
            largest = values.Length == 0 ? largest : double.Max(largest, double.Abs(TensorPrimitives.MaxMagnitude(values)));
        }

        return largest * block.Scale;
    }

    /// <summary>The options, in this unit.</summary>
    public EbmfOptions In(EbmfOptions options) => _unit == 1 ? options : options with
    {
        StandardErrors = [.. options.StandardErrors.Select(s => s / _unit)],
        InitialFactors = Times(options.InitialFactors, options.InitialFactorCount, k => 1 / Factors(k)),
        InitialFactorsSd = Times(options.InitialFactorsSd, options.InitialFactorCount, k => 1 / Factors(k)),
        FixedFactors = Times(options.FixedFactors, options.FixedFactorCount, k => 1 / Factors(k)),
        InitialLoadingsPriors = [.. options.InitialLoadingsPriors.Select((p, k) => Times(p, 1 / Loadings(k)))],
        InitialFactorsPriors = [.. options.InitialFactorsPriors.Select((p, k) => Times(p, 1 / Factors(k)))],
    };

    /// <summary>A shard's data, in this unit; the matrix is not copied. Given loadings come along where they are wanted.</summary>
    public ShardData In(ShardData data, bool withGivenLoadings)
    {
        if (_unit == 1)
        {
            return data;
        }

        var extras = new ArraySet();
        Add(ExtraKeys.FixedLoadings, k => 1 / Loadings(k));
        Add(ExtraKeys.StandardErrors, _ => 1 / _unit);
        if (withGivenLoadings)
        {
            Add(ExtraKeys.InitialLoadings, k => 1 / Loadings(k));
            Add(ExtraKeys.InitialLoadingsSd, k => 1 / Loadings(k));
        }

        return data with
        {
            Block = data.Block.ScaledBy(1 / _unit),
            StandardErrors = data.StandardErrors?.ScaledBy(1 / _unit),
            Extras = extras,
        };

        void Add(StateKey key, Func<int, double> factor)
        {
            if (data.Extras.Has(key))
            {
                var given = data.Extras.Get(key.Name);
                extras.Set(key.Name, Times(given.Values, given.Shape.Length > 1 ? given.Shape[1] : 1, factor), given.Shape);
            }
        }
    }

    /// <summary>What the loadings of factor k, and their standard deviations and scales, are multiplied by as they go out.</summary>
    public double Loadings(int k) => k < _factors.Length ? _unit / _factors[k] : double.Sqrt(_unit);

    /// <summary>The same of factor k.</summary>
    public double Factors(int k) => k < _factors.Length ? _factors[k] : double.Sqrt(_unit);

    /// <summary>A standard deviation of residuals as it goes out.</summary>
    public double Residual(double sd) => sd * _unit;

    /// <summary>An ELBO of so many observed entries as it goes out: the density of y is that of y / unit, divided by the unit.</summary>
    public double Elbo(double elbo, double observed) => elbo - (observed * double.Log(_unit));

    /// <summary>A prior of a multiple of what it is of.</summary>
    public static Prior Times(Prior prior, double factor) => factor == 1 ? prior : prior.Lengths(length => length * factor);

    private static bool HasFixedEntries(EbmfOptions options, int k) =>
        options.FixedFactors.Length > 0 && EbmfProblem.Column(options.FixedFactors, options.FixedFactorCount, k).Any(v => !double.IsNaN(v));

    // A row-major matrix with column k multiplied by its factor.
    private static double[] Times(double[] values, int columns, Func<int, double> factor)
    {
        double[] factors = [.. Enumerable.Range(0, columns).Select(factor)];
        return [.. values.Select((v, at) => v * factors[at % columns])];
    }
}
