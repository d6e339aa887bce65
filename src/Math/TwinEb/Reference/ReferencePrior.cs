using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The prior of one side: p(y) = sum_k w_k prod_l f(y_l; k, l), f = Gamma(shape a, rate b) for the Poisson model and N(m, s squared) for
/// the Gaussian one, with a = c(softplus e1), b = c(softplus e2), m = e1, s = c(softplus e2), c = clamp to [1e-8, 1e3], w = softmax(mix).
/// Free parameters, in this order: e1 [K x L], e2 [K x L], mix [K]. A single component has one e1 and one e2 for all factors, then mix [1]
/// (which changes nothing); a fixed prior has none.
/// </summary>
internal sealed class ReferencePrior
{
    private readonly double _fixed1;
    private readonly double _fixed2;

    private ReferencePrior(
        TwinEbLikelihood likelihood, int factors, int components, bool isTied, bool isFixed, double fixed1, double fixed2)
    {
        (Likelihood, Factors, Components, IsTied, IsFixed) = (likelihood, factors, components, isTied, isFixed);
        (_fixed1, _fixed2) = (fixed1, fixed2);
    }

    public TwinEbLikelihood Likelihood { get; }

    /// <summary>L.</summary>
    public int Factors { get; }

    /// <summary>K; 1 for a single or a fixed prior.</summary>
    public int Components { get; }

    /// <summary>Whether all factors share one e1 and one e2.</summary>
    public bool IsTied { get; }

    /// <summary>Whether there is nothing to learn.</summary>
    public bool IsFixed { get; }

    /// <summary>The elements of e1, and of e2.</summary>
    public int ShapeParameters => IsFixed ? 0 : IsTied ? 1 : Components * Factors;

    /// <summary>The number of free parameters.</summary>
    public int Parameters => IsFixed ? 0 : (2 * ShapeParameters) + Components;

    /// <summary>The value that a fixed prior has for both of its parameters: (shape, rate) or (mean, sd).</summary>
    public (double First, double Second) Constants => (_fixed1, _fixed2);

    /// <summary>The prior of the rows.</summary>
    public static ReferencePrior OfRows(TwinEbOptions options) =>
        Of(options, options.Prior is TwinEbPrior.Twin or TwinEbPrior.Rows, options.RowComponents, options.RowPriorShape,
            options.RowPriorRate, options.RowPriorScale);

    /// <summary>The prior of the columns.</summary>
    public static ReferencePrior OfColumns(TwinEbOptions options) =>
        Of(options, options.Prior is TwinEbPrior.Twin or TwinEbPrior.Columns, options.ColumnComponents, options.ColumnPriorShape,
            options.ColumnPriorRate, options.ColumnPriorScale);

    /// <summary>Starting values: e1 and e2 uniform within +-sqrt(6 / (K + L)) (1 for a single component), equal weights.</summary>
    public double[] Start(ulong seed, ulong stream)
    {
        var parameters = new double[Parameters];
        parameters.AsSpan().Fill(1);
        if (!IsTied && !IsFixed)
        {
            var bound = double.Sqrt(6.0 / (Components + Factors));
            for (var p = 0; p < 2 * ShapeParameters; p++)
            {
                parameters[p] = bound * ((2 * Philox.Uniform(seed, stream, (ulong)p)) - 1);
            }
        }

        return parameters;
    }

    private static ReferencePrior Of(TwinEbOptions options, bool isMixture, int components, double shape, double rate, double scale)
    {
        var isTied = options.Prior == TwinEbPrior.Single;
        var (first, second) = options.Likelihood == TwinEbLikelihood.Poisson ? (shape, rate) : (0, scale);
        return new ReferencePrior(
            options.Likelihood, options.Factors, isMixture ? components : 1, isTied, !isMixture && !isTied, first, second);
    }
}
