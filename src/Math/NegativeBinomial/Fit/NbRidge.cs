namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The direction along which the likelihood is flat: captures times k, means over k, and what makes r stay as it is (odds over k). A step
/// along it is taken by the priors alone: the cells' (by their curve over a grid of log k) and the genes'. Gaussian q go through the links
/// at their means, so that a step is a proposal, which the ELBO of the next pass confirms.
/// </summary>
internal sealed class NbRidge(NbStructure structure, NbAscent ascent)
{
    /// <summary>Values on a side of 0 of the grid.</summary>
    private const int Side = 4;

    private readonly NbParametrization _parametrization = structure.Options.Parametrization;

    /// <summary>The grid of a width: log k from -width to width.</summary>
    public static double[] Grid(double width) => [.. Enumerable.Range(-Side, (2 * Side) + 1).Select(i => width * i / Side)];

    /// <summary>The parameters after a step.</summary>
    public NbParameters Move(NbParameters parameters, double logStep)
    {
        var next = parameters.Clone();
        var n = structure.Coordinates;
        for (var i = 0; i < n; i++)
        {
            for (var g = 0; g < structure.Shape.Genes && !structure.IsEffect(i); g++)
            {
                var (value, factor) = Move(structure.DimensionOf(i), next.Location[(g * n) + i], logStep);
                next.Location[(g * n) + i] = value;
                var row = next.Factor.AsSpan((g * SmallMatrix.Packed(n)) + SmallMatrix.Packed(i), i + 1);
                System.Numerics.Tensors.TensorPrimitives.Multiply(row, factor, row);
            }
        }

        var locations = structure.Blocks.Where(block => block.Location >= 0 && IsOfSecond(block)).Select(block => block.Location);
        foreach (var s in structure.SecondScalar.Where(s => s >= 0).Concat(locations).Distinct())
        {
            (next.ScalarLocation[s], var factor) = Move(NbDimension.Second, next.ScalarLocation[s], logStep);
            next.ScalarScale[s] *= factor;
        }

        return next;
    }

    /// <summary>The step of greatest gain, and the gain foreseen.</summary>
    /// <param name="parameters">The parameters at log k = 0.</param>
    /// <param name="grid">log k.</param>
    /// <param name="cells">The cells' prior term at each.</param>
    public (double LogStep, double Gain) Best(NbParameters parameters, double[] grid, double[] cells)
    {
        var start = ascent.PriorTotal(parameters);
        double Worth(double logStep, double cell) => ascent.PriorTotal(Move(parameters, logStep)) + cell - start - cells[Side];
        var worths = grid.Select((k, i) => i == Side ? 0 : Worth(k, cells[i])).ToArray();
        var best = Array.IndexOf(worths, worths.Max());
        if (best == 0 || best == grid.Length - 1)
        {
            return (grid[best], worths[best]);
        }

        // The top of the parabola through three values; the cells' curve between by the polynomial through all of them.
        var (down, up) = (worths[best - 1] - worths[best], worths[best + 1] - worths[best]);
        var top = grid[best] + ((grid[1] - grid[0]) * 0.5 * (down - up) / (down + up));
        var worth = Worth(top, Interpolate(grid, cells, top));
        return worth > worths[best] ? (top, worth) : (grid[best], worths[best]);
    }

    private static double Interpolate(double[] grid, double[] values, double at)
    {
        var sum = 0.0;
        for (var i = 0; i < grid.Length; i++)
        {
            var product = values[i];
            for (var j = 0; j < grid.Length; j++)
            {
                product *= j == i ? 1 : (at - grid[j]) / (grid[i] - grid[j]);
            }

            sum += product;
        }

        return sum;
    }

    private bool IsOfSecond(NbBlock block)
    {
        var marked = Array.FindIndex(block.Marks, mark => mark > 0);
        return marked >= 0 && structure.DimensionOf(marked) == NbDimension.Second;
    }

    private (double Value, double Factor) Move(NbDimension dimension, double t, double logStep) => (dimension, _parametrization) switch
    {
        (NbDimension.First, not NbParametrization.Canonical) => NbLinks.Moved(structure.Options.Link, t, -logStep),
        (NbDimension.Second, NbParametrization.Canonical or NbParametrization.MeanProb) => (t - logStep, 1),
        (NbDimension.Second, NbParametrization.MeanOdds) => NbLinks.Moved(structure.Options.Link, t, logStep),
        _ => (t, 1),
    };
}
