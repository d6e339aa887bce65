using FitCluster.Math.Ebnm;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm;

public class MixtureWeightsTests
{
    [Theory]
    [InlineData(1, 50, 5, 0)]
    [InlineData(2, 300, 40, 0)]
    [InlineData(3, 300, 40, 9)]
    [InlineData(4, 2000, 150, 0)]
    [InlineData(5, 6000, 20, 3)]
    public void Solutions_of_random_problems_meet_the_optimality_conditions(int seed, int n, int m, double penalty)
    {
        var random = new Random(seed);
        var rows = new LikelihoodRows(m);
        var matrix = new double[n][];
        for (var i = 0; i < n; i++)
        {
            // A bump about a random place: neighbouring columns are nearly collinear.
            var (centre, width) = (random.NextDouble() * m, 1 + (random.NextDouble() * m / 4));
            matrix[i] = [.. Enumerable.Range(0, m).Select(k => double.Exp(-0.5 * (k - centre) * (k - centre) / (width * width)))];
            var most = matrix[i].Max();
            matrix[i] = [.. matrix[i].Select(l => l / most)];
            rows.Add(matrix[i], 1);
        }

        rows.Complete();
        var start = Enumerable.Repeat(1.0 / m, m).ToArray();
        var solution = MixtureWeights.Solve(rows, start, penalty);
        Assert.True(solution.Converged);
        Assert.InRange(solution.Gap, -1e-12, 1e-10);
        var total = n + penalty;
        var gradient = new double[m];
        gradient[0] = penalty > 0 ? penalty / solution.Weights[0] : 0;
        foreach (var row in matrix)
        {
            var r = row.Zip(solution.Weights, (l, p) => l * p).Sum();
            for (var k = 0; k < m; k++)
            {
                gradient[k] += row[k] / r;
            }
        }

        Assert.Equal(1, solution.Weights.Sum(), 1e-12);
        for (var k = 0; k < m; k++)
        {
            Assert.True(gradient[k] / total <= 1 + 1e-8, $"seed {seed}: gradient {k} is {gradient[k] / total}");
            Assert.Equal(0, solution.Weights[k] * ((gradient[k] / total) - 1), 1e-7);
        }
    }

    [Fact]
    public void Quadratic_programs_meet_the_optimality_conditions()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var k = 1 + random.Next(30);
            var a = Enumerable.Range(0, (k + 3) * k).Select(_ => random.NextDouble() - 0.3).ToArray();
            var (h, b, y) = (new double[k * k], new double[k], new double[k]);
            for (var i = 0; i < k; i++)
            {
                b[i] = random.NextDouble() - 0.4;
                y[i] = random.Next(2);
                for (var j = 0; j < k; j++)
                {
                    for (var r = 0; r < k + 3; r++)
                    {
                        h[(i * k) + j] += a[(r * k) + i] * a[(r * k) + j];
                    }
                }
            }

            NonnegativeQuadratic.Minimize(h, k, b, y);
            for (var i = 0; i < k; i++)
            {
                var slope = Enumerable.Range(0, k).Sum(j => h[(i * k) + j] * y[j]) - b[i];
                Assert.True(y[i] >= 0 && slope > -1e-7, $"seed {seed}");
                Assert.True(double.Abs(y[i] * slope) < 1e-7, $"seed {seed}");
            }
        }
    }

    [Fact]
    public void Rows_of_many_chunks_sum_as_one_matrix()
    {
        var random = new Random(11);
        var rows = new LikelihoodRows(13);
        var pi = new double[rows.Width];
        Array.Fill(pi, 1.0 / 13, 0, 13);
        double log = 0, second = 0;
        for (var i = 0; i < 5000; i++)
        {
            var row = Enumerable.Range(0, 13).Select(k => k < i % 9 ? 1e-30 : random.NextDouble()).ToArray();
            row[12] = 1;
            rows.Add(row, 1);
            var r = row.Sum() / 13;
            log += double.Log(r);
            second += (row[9] / r) * (row[11] / r);
        }

        rows.Complete();
        var (inverse, gradient, hessian) = (new double[5000], new double[rows.Width], new double[24]);
        Assert.Equal(log, rows.Gradient(pi, inverse, gradient), 1e-8);
        rows.Hessian([9, 11], true, pi, inverse, hessian, 8);
        Assert.Equal(second, hessian[1], 1e-7);
        Assert.Equal(5000, gradient.Zip(pi, (g, p) => g * p).Sum(), 1e-8);
    }
}
