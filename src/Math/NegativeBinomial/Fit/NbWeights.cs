using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>The Dirichlet posteriors of the mixture weights: a row for each dataset, or one for all.</summary>
internal static class NbWeights
{
    /// <summary>D x K: E log w of a cell of dataset d.</summary>
    public static double[] Logs(NbShape shape, double[] concentration)
    {
        var logs = new double[shape.Datasets * shape.Components];
        for (var i = 0; i < logs.Length && shape.Components > 1; i++)
        {
            var row = Row(shape, concentration, i / shape.Components);
            logs[i] = VectorGammaWide.Digamma(row[i % shape.Components]) - VectorGammaWide.Digamma(Sum(row));
        }

        return logs;
    }

    /// <summary>The posterior of cells by leaf.</summary>
    public static double[] Posterior(NbOptions options, NbShape shape, double[] cells)
    {
        var concentration = new double[shape.Components == 1 ? 0 : shape.Components * (options.DatasetWeights ? shape.Datasets : 1)];
        concentration.AsSpan().Fill(options.WeightConcentration);
        for (var leaf = 0; leaf < shape.Leaves && concentration.Length > 0; leaf++)
        {
            var row = options.DatasetWeights ? leaf % shape.Datasets : 0;
            concentration[(row * shape.Components) + (leaf / shape.Datasets)] += cells[leaf];
        }

        return concentration;
    }

    /// <summary>E log p(w) - E log q(w), and what the cells' E log w is more than with the logarithms that they had.</summary>
    public static double Term(NbOptions options, NbShape shape, double[] concentration, double[] cells, double[] usedLogs)
    {
        var (k, sum) = (shape.Components, 0.0);
        if (k == 1)
        {
            return 0;
        }

        var logs = Logs(shape, concentration);
        for (var leaf = 0; leaf < shape.Leaves; leaf++)
        {
            var at = (leaf % shape.Datasets * k) + (leaf / shape.Datasets);
            sum += cells[leaf] * (logs[at] - usedLogs[at]);
        }

        for (var row = 0; row < concentration.Length / k; row++)
        {
            var alpha = concentration.AsSpan(row * k, k);
            sum += VectorGammaWide.LogGamma(k * options.WeightConcentration) - VectorGammaWide.LogGamma(Sum(alpha));
            for (var i = 0; i < k; i++)
            {
                sum += VectorGammaWide.LogGamma(alpha[i]) - VectorGammaWide.LogGamma(options.WeightConcentration) +
                    ((options.WeightConcentration - alpha[i]) * logs[(row * k) + i]);
            }
        }

        return sum;
    }

    private static ReadOnlySpan<double> Row(NbShape shape, double[] concentration, int dataset) =>
        concentration.AsSpan(concentration.Length == shape.Components ? 0 : dataset * shape.Components, shape.Components);

    private static double Sum(ReadOnlySpan<double> row) => System.Numerics.Tensors.TensorPrimitives.Sum(row);
}
