using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;

namespace FitCluster.Bench;

/// <summary>
/// Counts with planted structure, as the paper simulates them: x_ij ~ Poisson(u_i . v_j); each row takes one of K_r components (weights
/// from a Dirichlet(10)) and u_il ~ Gamma(shape a_kl, rate b_kl) with a, b ~ Gamma(1, 1); columns likewise with K_c. The rates b of a side
/// are rescaled, so that all u, and all v, have the mean sqrt(mean count / L): by one number, or, with even factors, by one for each
/// factor, so that each has its even part of the counts (a rate near 0 would give one factor nearly all of them).
/// </summary>
internal sealed class PlantedCounts
{
    private const ulong RowStream = 100;
    private const ulong ColumnStream = 200;
    private const ulong CountStream = 300;

    // A Poisson number is the sum of several with means of at most this, each by inversion.
    private const double MostMean = 30;

    private readonly ulong _seed;

    public PlantedCounts(
        ulong seed, int rows, int columns, int factors, int rowComponents, int columnComponents, double meanCount, bool evenFactors)
    {
        _seed = seed;
        var u = Side(RowStream, rows, factors, rowComponents, double.Sqrt(meanCount / factors), evenFactors);
        var v = Side(ColumnStream, columns, factors, columnComponents, double.Sqrt(meanCount / factors), evenFactors);
        (Counts, Rates) = (new double[rows * columns], new double[rows * columns]);
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                var rate = 0.0;
                for (var l = 0; l < factors; l++)
                {
                    rate += u[(i * factors) + l] * v[(j * factors) + l];
                }

                Rates[(i * columns) + j] = rate;
                Counts[(i * columns) + j] = Poisson(rate, (ulong)((i * columns) + j));
            }
        }
    }

    /// <summary>The counts, rows x columns.</summary>
    public double[] Counts { get; }

    /// <summary>The rates that they were drawn with, rows x columns.</summary>
    public double[] Rates { get; }

    private double[] Side(ulong stream, int entities, int factors, int components, double mean, bool evenFactors)
    {
        var weights = Enumerable.Range(0, components).Select(k => ConjugateDraw.Gamma(10, _seed, stream, 0, k, 0)).ToArray();
        var total = weights.Sum();
        var (values, scales) = (new double[entities * factors], new double[factors]);
        for (var i = 0; i < entities; i++)
        {
            var left = total * ConjugateDraw.Uniform(_seed, stream + 1, 0, i, 0);
            var k = 0;
            while (k < components - 1 && (left -= weights[k]) > 0)
            {
                k++;
            }

            for (var l = 0; l < factors; l++)
            {
                var shape = ConjugateDraw.Gamma(1, _seed, stream + 2, 0, k, l);
                var rate = ConjugateDraw.Gamma(1, _seed, stream + 3, 0, k, l);
                values[(i * factors) + l] = ConjugateDraw.Gamma(shape, _seed, stream + 4, 0, i, l) / rate;
            }
        }

        // All factors by one number, or each by its own.
        for (var l = 0; l < factors; l++)
        {
            var (sum, count) = (0.0, 0);
            for (var at = evenFactors ? l : 0; at < values.Length; at += evenFactors ? factors : 1)
            {
                sum += values[at];
                count++;
            }

            scales[l] = mean * count / sum;
        }

        for (var at = 0; at < values.Length; at++)
        {
            values[at] *= scales[at % factors];
        }

        return values;
    }

    private double Poisson(double mean, ulong cell)
    {
        var parts = (int)(mean / MostMean) + 1;
        var count = 0;
        for (var part = 0; part < parts; part++)
        {
            var u = Philox.Uniform(_seed, CountStream + (ulong)part, cell);
            var probability = double.Exp(-mean / parts);
            var x = 0;
            for (var cumulative = probability; cumulative < u && probability > 0; cumulative += probability)
            {
                x++;
                probability *= mean / parts / x;
            }

            count += x;
        }

        return count;
    }
}
