using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Where a mixture's components start: k-means++ (Arthur and Vassilvitskii 2007) and a few Lloyd steps on the standardized posterior means
/// of the one-component fit. A start only: what the components become, the ELBO decides.
/// </summary>
internal static class ConjugateCluster
{
    private const int LloydSteps = 5;

    /// <summary>The cluster of each of the points, 0 to clusters - 1; some may be empty.</summary>
    /// <param name="points">points x dimensions, standardized.</param>
    /// <param name="dimensions">The dimensions.</param>
    /// <param name="clusters">The clusters.</param>
    /// <param name="seed">Seed of the choice of centres.</param>
    /// <param name="stream">Stream of the choice of centres.</param>
    public static int[] Assign(double[] points, int dimensions, int clusters, ulong seed, ulong stream)
    {
        var count = points.Length / dimensions;
        var centres = new double[clusters * dimensions];
        var distance = new double[count];
        distance.AsSpan().Fill(1);
        for (var c = 0; c < clusters; c++)
        {
            var at = Pick(distance, Philox.Uniform(seed, stream, (ulong)c));
            points.AsSpan(at * dimensions, dimensions).CopyTo(centres.AsSpan(c * dimensions));
            for (var i = 0; i < count; i++)
            {
                var d = Distance(points.AsSpan(i * dimensions, dimensions), centres.AsSpan(c * dimensions, dimensions));
                distance[i] = c == 0 ? d : double.Min(distance[i], d);
            }
        }

        var assignment = new int[count];
        for (var step = 0; step <= LloydSteps; step++)
        {
            for (var i = 0; i < count; i++)
            {
                assignment[i] = Nearest(points.AsSpan(i * dimensions, dimensions), centres, clusters);
            }

            if (step < LloydSteps)
            {
                Centre(points, dimensions, assignment, centres, clusters);
            }
        }

        return assignment;
    }

    private static int Pick(double[] weights, double uniform)
    {
        var total = 0.0;
        foreach (var weight in weights)
        {
            total += weight;
        }

        var rest = uniform * total;
        for (var i = 0; i < weights.Length; i++)
        {
            rest -= weights[i];
            if (rest <= 0)
            {
                return i;
            }
        }

        return weights.Length - 1;
    }

    private static int Nearest(ReadOnlySpan<double> point, double[] centres, int clusters)
    {
        var (best, least) = (0, double.PositiveInfinity);
        for (var c = 0; c < clusters; c++)
        {
            var d = Distance(point, centres.AsSpan(c * point.Length, point.Length));
            (best, least) = d < least ? (c, d) : (best, least);
        }

        return best;
    }

    private static void Centre(double[] points, int dimensions, int[] assignment, double[] centres, int clusters)
    {
        var members = new int[clusters];
        var sums = new double[centres.Length];
        for (var i = 0; i < assignment.Length; i++)
        {
            members[assignment[i]]++;
            FactorKernel.AddScaled(1, points.AsSpan(i * dimensions, dimensions), sums.AsSpan(assignment[i] * dimensions, dimensions));
        }

        for (var at = 0; at < centres.Length; at++)
        {
            centres[at] = members[at / dimensions] > 0 ? sums[at] / members[at / dimensions] : centres[at];
        }
    }

    private static double Distance(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
        {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }

        return sum;
    }
}
