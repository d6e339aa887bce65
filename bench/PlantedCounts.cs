using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;

namespace FitCluster.Bench;

/// <summary>
/// Counts with planted structure, as the paper simulates them: x_ij ~ Poisson(u_i . v_j); each row takes one of K_r components (weights from a Dirichlet(10)) and
/// u_il ~ Gamma(shape a_kl, rate b_kl) with a, b ~ Gamma(1, 1); columns likewise with K_c. A rate near 0 would give one factor nearly all counts, so the rates b are
/// rescaled: for each factor all b_kl of a side are multiplied by one number, so that every factor has the same part of the mean count (u and v have the mean sqrt(mean count / L)).
/// </summary>
internal sealed class PlantedCounts
{
    private const ulong RowStream = 100;
    private const ulong ColumnStream = 200;
    private const ulong CountStream = 300;

    // A Poisson number is the sum of several with means of at most this, each by inversion.
    private const double MostMean = 30;

    private readonly ulong _seed;

    public PlantedCounts(ulong seed, int rows, int columns, int factors, int rowComponents, int columnComponents, double meanCount)
    {
        _seed = seed;
        var u = Side(RowStream, rows, factors, rowComponents, double.Sqrt(meanCount / factors));
        var v = Side(ColumnStream, columns, factors, columnComponents, double.Sqrt(meanCount / factors));
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

    private double[] Side(ulong stream, int entities, int factors, int components, double mean)
    {
        var weights = Enumerable.Range(0, components).Select(k => ConjugateDraw.Gamma(10, _seed, stream, 0, k, 0)).ToArray();
        var total = weights.Sum();
        var values = new double[entities * factors];
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

        for (var l = 0; l < factors; l++)
        {
            var sum = 0.0;
            for (var i = 0; i < entities; i++)
            {
                sum += values[(i * factors) + l];
            }

            for (var i = 0; i < entities; i++)
            {
                values[(i * factors) + l] *= mean * entities / sum;
            }
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
