using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>A seeded matrix of counts or numbers with held-out rows and cells, in so many shards.</summary>
internal static class ReferenceProblem
{
    /// <summary>
    /// A factorization of rank 3 with a fifth of the training rows' cells for validation; one row in heldOutRows is held out (0: none).
    /// </summary>
    public static ShardData[] Make(ulong seed, int rows, int columns, TwinEbLikelihood likelihood, int shards = 1, int heldOutRows = 0,
        bool withValidation = true, double rate = 1)
    {
        var isPoisson = likelihood == TwinEbLikelihood.Poisson;
        double Factor(ulong stream, int entity, int l)
        {
            var z = Philox.Normal(seed, stream, ((ulong)entity * 4) + (ulong)l);
            return isPoisson ? double.Exp(0.8 * z) * 0.6 : z;
        }

        var result = new ShardData[shards];
        for (var s = 0; s < shards; s++)
        {
            var (first, last) = (rows * s / shards, rows * (s + 1) / shards);
            var (values, indices, starts) = (new List<double>(), new List<int>(), new List<long> { 0 });
            var (heldColumns, heldValues, heldKinds, heldStarts) =
                (new List<double>(), new List<double>(), new List<double>(), new List<double> { 0 });
            var roles = new List<double>();
            for (var i = first; i < last; i++)
            {
                var isHeldOut = heldOutRows > 0 && i % heldOutRows == heldOutRows - 1;
                roles.Add(isHeldOut ? 1 : 0);
                for (var j = 0; j < columns; j++)
                {
                    var cell = ((ulong)i * (ulong)columns) + (ulong)j;
                    var mean = rate * Enumerable.Range(0, 3).Sum(l => Factor(11, i, l) * Factor(12, j, l));
                    var x = isPoisson ? Poisson(mean, Philox.Uniform(seed, 13, cell)) : mean + (0.5 * Philox.Normal(seed, 13, cell));
                    var chance = Philox.Uniform(seed, 14, cell);
                    var isObserved = isPoisson || Philox.Uniform(seed, 15, cell) < 0.6;
                    if (isObserved && chance < 0.2 && (withValidation || isHeldOut) && !(isHeldOut && x == 0))
                    {
                        heldColumns.Add(j);
                        heldValues.Add(x);
                        heldKinds.Add(isHeldOut ? (chance < 0.1 ? 2 : 3) : 1);
                    }
                    else if (isObserved && x != 0)
                    {
                        values.Add(x);
                        indices.Add(j);
                    }
                }

                starts.Add(values.Count);
                heldStarts.Add(heldColumns.Count);
            }

            var block = MatrixBlock.FromCsr(last - first, columns, values.ToArray(), indices.ToArray(), starts.ToArray(),
                isPoisson ? UnstoredEntries.Zero : UnstoredEntries.Missing);
            var extras = new ArraySet().Set("rowRole", [.. roles]).Set("heldOutStart", [.. heldStarts])
                .Set("heldOutColumn", [.. heldColumns]).Set("heldOutValue", [.. heldValues]).Set("heldOutKind", [.. heldKinds]);
            result[s] = new ShardData(new ShardId(s), first, rows, block, null, extras);
        }

        return result;
    }

    /// <summary>Small options that take seconds.</summary>
    public static TwinEbOptions Options(int rows, int columns, TwinEbLikelihood likelihood, TwinEbPrior prior = TwinEbPrior.Twin) => new()
    {
        Rows = rows,
        Columns = columns,
        Likelihood = likelihood,
        Prior = prior,
        Optimizer = TwinEbOptimizer.Reference,
        Factors = 3,
        RowComponents = 4,
        ColumnComponents = 5,
        BatchSize = 16,
        Steps = 40,
        HeldOutSamples = 20,
    };

    /// <summary>Numbers that stand for parameters.</summary>
    public static double[] Normals(ulong seed, ulong stream, int count, double scale) =>
        [.. Enumerable.Range(0, count).Select(p => scale * Philox.Normal(seed, stream, (ulong)p))];

    // The quantile of a Poisson variable, by summing its masses.
    private static double Poisson(double rate, double u)
    {
        var (x, mass, sum) = (0, double.Exp(-rate), 0.0);
        while (sum + mass < u && x < 1000)
        {
            sum += mass;
            mass *= rate / ++x;
        }

        return x;
    }
}
