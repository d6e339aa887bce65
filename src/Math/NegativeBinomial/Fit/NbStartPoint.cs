namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Where the genes' q begin, from the statistics of started cells: means from totals over E of captures; odds by the method of moments,
/// sum (u^2 - u) = mean^2 (1 + 1 / r) sum nu^2, of all genes of a leaf, a gene's own half way (on the log scale) between.
/// </summary>
internal sealed class NbStartPoint(NbStructure structure, NbEvidence evidence, double[] histogram)
{
    private const double LeastOdds = 0.02;

    private readonly NbShape _shape = structure.Shape;

    /// <summary>The parameters.</summary>
    public NbParameters Make()
    {
        var n = structure.Coordinates;
        var (genes, scalars) = (_shape.Genes, structure.Scalars);
        var rows = structure.Options.DatasetWeights ? _shape.Datasets : 1;
        var concentration = new double[_shape.Components == 1 ? 0 : rows * _shape.Components];
        concentration.AsSpan().Fill(structure.Options.WeightConcentration);
        var parameters = new NbParameters(
            new double[genes * n], new double[genes * SmallMatrix.Packed(n)],
            [.. scalars.Select(s => s.StartLocation)], [.. scalars.Select(s => s.StartScale)], concentration);
        var (means, odds, shared) = Moments();
        for (var leaf = 0; leaf < _shape.Leaves; leaf++)
        {
            if (structure.SecondScalar[leaf] is var s and >= 0)
            {
                parameters.ScalarLocation[s] = Coordinate(NbDimension.Second, means[leaf * genes], shared[leaf]).Value;
                parameters.ScalarScale[s] = 0.05;
            }
        }

        for (var g = 0; g < genes; g++)
        {
            Gene(parameters, g, means, odds);
        }

        Locations(parameters);
        return parameters;
    }

    private (double[] Means, double[] Odds, double[] Shared) Moments()
    {
        var (genes, count) = (_shape.Genes, evidence.Nu.Length);
        var (means, odds, shared) = (new double[_shape.Leaves * genes], new double[_shape.Leaves * genes], new double[_shape.Leaves]);
        for (var leaf = 0; leaf < _shape.Leaves; leaf++)
        {
            var (exposure, square) = (1e-9, 1e-9);
            for (var i = 0; i < count; i++)
            {
                exposure += evidence.Whole[(leaf * count) + i] * evidence.Nu[i];
                square += evidence.Whole[(leaf * count) + i] * evidence.Nu[i] * evidence.Nu[i];
            }

            var (excess, size) = (0.0, 1e-9);
            for (var g = 0; g < genes; g++)
            {
                var row = (leaf * genes) + g;
                means[row] = (evidence.Totals[row] + 0.5) / exposure;
                odds[row] = Pairs(leaf, g) - (means[row] * means[row] * square);
                excess += odds[row];
                size += means[row] * square;
            }

            shared[leaf] = double.Max(excess / size, LeastOdds);
            for (var g = 0; g < genes; g++)
            {
                var row = (leaf * genes) + g;
                var own = double.Clamp(odds[row] / (means[row] * square) / shared[leaf], 0.05, 20);
                odds[row] = shared[leaf] * double.Sqrt(own);
            }
        }

        return (means, odds, shared);
    }

    // sum_u H_u u (u - 1).
    private double Pairs(int leaf, int g)
    {
        var (layout, sum) = (evidence.Layout, 0.0);
        for (var e = layout.Starts[g]; e < layout.Starts[g + 1]; e++)
        {
            sum += histogram[(leaf * layout.Entries) + e] * layout.Counts[e] * (layout.Counts[e] - 1);
        }

        return sum;
    }

    // t of a mean and odds, and the derivative of the logarithm it stands for.
    private (double Value, double Slope) Coordinate(NbDimension dimension, double mean, double odds)
    {
        var parametrization = structure.Options.Parametrization;
        if (dimension == NbDimension.First)
        {
            return Inverse(parametrization == NbParametrization.Canonical ? mean / odds : mean);
        }

        return parametrization switch
        {
            NbParametrization.Canonical or NbParametrization.MeanProb => (double.Log(odds), 1),
            NbParametrization.MeanOdds => Inverse(1 / odds),
            _ => Inverse(mean / odds),
        };
    }

    private (double Value, double Slope) Inverse(double y) => NbLinks.Inverse(structure.Options.Link, y);

    private void Gene(NbParameters parameters, int g, double[] means, double[] odds)
    {
        var n = structure.Coordinates;
        Span<double> sums = stackalloc double[n];
        Span<double> sds = stackalloc double[n];
        Span<int> counts = stackalloc int[n];
        for (var leaf = 0; leaf < _shape.Leaves; leaf++)
        {
            var row = (leaf * _shape.Genes) + g;
            foreach (var dimension in structure.Dimensions)
            {
                var (value, sd) = dimension switch
                {
                    NbDimension.Gate => (structure.Normals.Any(p => structure.DimensionOf(p.Coordinate) == dimension) ? -3 : -5, 0.7),
                    NbDimension.Omega => (-4, 0.7),
                    _ => Spread(Coordinate(dimension, means[row], odds[row]),
                        dimension == NbDimension.First ? (1 / double.Sqrt(evidence.Totals[row] + 1)) + 0.05 : 0.3),
                };
                foreach (var i in structure.Sum(leaf, dimension))
                {
                    sums[i] += structure.IsEffect(i) ? 0 : value;
                    sds[i] += structure.IsEffect(i) ? 0.2 : sd;
                    counts[i]++;
                }
            }
        }

        for (var i = 0; i < n; i++)
        {
            parameters.Location[(g * n) + i] = counts[i] == 0 ? Centre(sums, counts, i) : sums[i] / counts[i];
            parameters.Factor[(g * SmallMatrix.Packed(n)) + SmallMatrix.Packed(i) + i] = counts[i] == 0 ? 0.3 : sds[i] / counts[i];
        }

        static (double Value, double Sd) Spread((double Value, double Slope) coordinate, double sd) =>
            (coordinate.Value, double.Min(sd / coordinate.Slope, 1));
    }

    // A centre of datasets: the mean of what it is the centre of.
    private double Centre(ReadOnlySpan<double> sums, ReadOnlySpan<int> counts, int centre)
    {
        var (sum, count) = (0.0, 0);
        for (var i = 0; i < sums.Length; i++)
        {
            var isOfIt = counts[i] > 0 && structure.DimensionOf(i) == structure.DimensionOf(centre);
            sum += isOfIt ? sums[i] / counts[i] : 0;
            count += isOfIt ? 1 : 0;
        }

        return sum / double.Max(count, 1);
    }

    private void Locations(NbParameters parameters)
    {
        var n = structure.Coordinates;
        foreach (var block in structure.Blocks.Where(block => block.Location >= 0))
        {
            var (sum, count) = (0.0, 0);
            for (var i = 0; i < parameters.Location.Length; i++)
            {
                sum += block.Marks[i % n] * parameters.Location[i];
                count += block.Marks[i % n] > 0 ? 1 : 0;
            }

            var scalar = structure.Scalars[block.Location];
            parameters.ScalarLocation[block.Location] = scalar.B < 0.1 ? scalar.A : sum / count;
        }
    }
}
