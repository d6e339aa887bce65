using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

public sealed class ReferenceGradientTests
{
    private const int Rows = 12;
    private const int Columns = 9;

    public static TheoryData<TwinEbLikelihood, TwinEbPrior> Models
    {
        get
        {
            var data = new TheoryData<TwinEbLikelihood, TwinEbPrior>();
            foreach (var likelihood in new[] { TwinEbLikelihood.Poisson, TwinEbLikelihood.Gaussian })
            {
                foreach (var prior in Enum.GetValues<TwinEbPrior>())
                {
                    data.Add(likelihood, prior);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Every_gradient_is_that_of_finite_differences(TwinEbLikelihood likelihood, TwinEbPrior prior)
    {
        for (var seed = 1UL; seed <= 2; seed++)
        {
            var at = new Point(seed, likelihood, prior, particles: 2);
            var gradient = at.Compute(Enumerable.Range(0, 7).ToArray());
            double[][] parts =
            [
                [.. gradient.RowGradient], [.. gradient.ColumnGradient], [.. gradient.RowPriorGradient], [.. gradient.ColumnPriorGradient]
            ];
            double[][] parameters = [at.RowParameters, at.ColumnParameters, at.RowPrior, at.ColumnPrior];
            for (var part = 0; part < 4; part++)
            {
                // The batch is the first 7 of 12 rows: the gradient has planes of 7, the parameters of 12.
                for (var p = 0; p < parts[part].Length; p++)
                {
                    var into = part == 0 ? (p / 21 * 36) + (p % 21) : p;
                    var difference = Difference(at, parameters[part], into);
                    var error = double.Abs(difference - parts[part][p]);
                    Assert.True(error <= 2e-6 * (1 + double.Abs(difference)),
                        $"seed {seed}, part {part}, parameter {p}: {parts[part][p]} where differences give {difference}");
                }
            }
        }
    }

    [Theory]
    [InlineData(TwinEbLikelihood.Poisson)]
    [InlineData(TwinEbLikelihood.Gaussian)]
    public void Minibatch_gradients_of_an_epoch_have_the_full_gradient_as_their_mean(TwinEbLikelihood likelihood)
    {
        var at = new Point(3, likelihood, TwinEbPrior.Twin, particles: 2);
        var full = at.Compute(Enumerable.Range(0, Rows).ToArray());
        var expected = (Columns: full.ColumnGradient.ToArray(), RowPrior: full.RowPriorGradient.ToArray(),
            ColumnPrior: full.ColumnPriorGradient.ToArray(), Rows: full.RowGradient[..72], full.LogLik, full.LogPrior, full.Entropy);
        var (columns, rowPrior, columnPrior, rows) = (new double[expected.Columns.Length], new double[expected.RowPrior.Length],
            new double[expected.ColumnPrior.Length], new double[72]);
        double[] terms = [0, 0, 0];
        int[][] epoch = [[0, 3, 6, 9], [1, 4, 8, 11], [2, 5, 7, 10]];
        foreach (var batch in epoch)
        {
            var part = at.Compute(batch);
            Add(columns, part.ColumnGradient);
            Add(rowPrior, part.RowPriorGradient);
            Add(columnPrior, part.ColumnPriorGradient);
            Add(terms, [part.LogLik, part.LogPrior, part.Entropy]);
            for (var p = 0; p < 24; p++)
            {
                rows[(p / 12 * 36) + (batch[p % 12 / 3] * 3) + (p % 3)] += part.RowGradient[p] / 3;
            }
        }

        Close(expected.Columns, columns);
        Close(expected.RowPrior, rowPrior);
        Close(expected.ColumnPrior, columnPrior);
        Close(expected.Rows, rows);
        Close([expected.LogLik, expected.LogPrior, expected.Entropy], terms);

        static void Add(double[] sum, double[] values)
        {
            for (var p = 0; p < sum.Length; p++)
            {
                sum[p] += values[p] / 3;
            }
        }
    }

    [Fact]
    public void With_zeros_missing_a_cell_that_is_not_stored_changes_nothing()
    {
        var at = new Point(4, TwinEbLikelihood.Poisson, TwinEbPrior.Twin, particles: 1, zerosAreMissing: true);
        var gradient = at.Compute(Enumerable.Range(0, Rows).ToArray());
        var expected = 0.0;
        for (var i = 0; i < Rows; i++)
        {
            var (columns, values) = (at.Data.Block.RowColumns(i).ToArray(), at.Data.Block.RowValues(i).ToArray());
            for (var c = 0; c < columns.Length; c++)
            {
                var rate = 0.0;
                for (var l = 0; l < 3; l++)
                {
                    rate += gradient.Rows.Value(i)[l] * gradient.Columns.Value(columns[c])[l];
                }

                expected += (values[c] * double.Log(rate)) - rate - MathNet.Numerics.SpecialFunctions.FactorialLn((int)values[c]);
            }
        }

        Assert.Equal(expected, gradient.LogLik, 1e-10 * double.Abs(expected));
        var byFifth = gradient.ColumnGradient[5];
        Assert.Equal(Difference(at, at.ColumnParameters, 5), byFifth, 1e-6 * double.Abs(byFifth));
    }

    private static double Difference(Point at, double[] parameters, int p)
    {
        const double Step = 1e-4;
        var saved = parameters[p];
        double Loss(double value)
        {
            parameters[p] = value;
            var g = at.Compute(at.LastBatch);
            return -(g.LogLik + g.LogPrior + g.Entropy);
        }

        // Fourth order: the error is of the order of Step^4.
        var difference =
            ((8 * (Loss(saved + Step) - Loss(saved - Step))) - (Loss(saved + (2 * Step)) - Loss(saved - (2 * Step)))) / (12 * Step);
        parameters[p] = saved;
        return difference;
    }

    private static void Close(double[] expected, double[] actual)
    {
        var largest = expected.Max(double.Abs);
        for (var p = 0; p < expected.Length; p++)
        {
            Assert.True(
                double.Abs(expected[p] - actual[p]) <= 1e-11 * largest, $"[{p}] is {actual[p]:R} where {expected[p]:R} was expected");
        }
    }

    private sealed class Point : IReferenceNoise
    {
        private readonly ReferenceGradient _gradient;
        private readonly TwinEbOptions _options;
        private readonly ulong _seed;

        public Point(ulong seed, TwinEbLikelihood likelihood, TwinEbPrior prior, int particles, bool zerosAreMissing = false)
        {
            _seed = seed;
            _options = ReferenceProblem.Options(
                Rows, Points.Columns, likelihood, prior) with
            { Particles = particles, Seed = seed, NoiseSd = 0.7, RowPriorScale = 0.8 };
            Data = ReferenceProblem.Make(seed, Rows, Points.Columns, likelihood)[0];
            if (zerosAreMissing)
            {
                Data = Data with { Block = Missing(Data.Block) };
            }

            _gradient = new ReferenceGradient(_options);
            RowParameters = ReferenceProblem.Normals(seed, 1, 2 * Rows * 3, 0.5);
            ColumnParameters = ReferenceProblem.Normals(seed, 2, 2 * Points.Columns * 3, 0.5);
            RowPrior = ReferenceProblem.Normals(seed, 3, _gradient.RowPrior.Parameters, 0.7);
            ColumnPrior = ReferenceProblem.Normals(seed, 4, _gradient.ColumnPrior.Parameters, 0.7);
        }

        public Models.ShardData Data { get; }

        public double[] RowParameters { get; }

        public double[] ColumnParameters { get; }

        public double[] RowPrior { get; }

        public double[] ColumnPrior { get; }

        public int[] LastBatch { get; private set; } = [];

        public ReferenceGradient Compute(int[] rows)
        {
            LastBatch = rows;
            var batch = new ReferenceBatch(
                Data, new HeldOutCells(Data), rows, ReferenceShard.RowConstants(Data, _options), (double)Rows / rows.Length);
            _gradient.Compute(batch, RowParameters, ColumnParameters, RowPrior, ColumnPrior, this, 0, Points.Columns, false);
            return _gradient;
        }

        void IReferenceNoise.Columns(int particle, int count, int width, Span<double> normals) =>
            PhiloxNormals.Fill(_seed, 20 + (ulong)particle, 0, count, width, normals);

        void IReferenceNoise.Row(int particle, long row, int width, Span<double> normals) =>
            PhiloxNormals.Fill(_seed, 30 + (ulong)particle, row, 1, width, normals);

        private static MatrixBlock Missing(MatrixBlock block)
        {
            var (values, columns, starts) = (new List<double>(), new List<int>(), new List<long> { 0 });
            for (var i = 0; i < block.Rows; i++)
            {
                values.AddRange(block.RowValues(i));
                columns.AddRange(block.RowColumns(i));
                starts.Add(values.Count);
            }

            return MatrixBlock.FromCsr(
                block.Rows, block.Columns, values.ToArray(), columns.ToArray(), starts.ToArray(), UnstoredEntries.Missing);
        }
    }

    private static class Points
    {
        public const int Columns = ReferenceGradientTests.Columns;
    }
}
