using FitCluster.Math.Models;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Anderson's acceleration of the rounds: a round takes locations x to g(x); of the last rounds that combination (of sum 1) of steps g - x
/// is sought that is shortest, in the metric of the posterior's precisions, and the same combination of the g is proposed. The ELBO of the
/// next pass confirms it or it is taken back (<see cref="NbFitUpdate"/>).
/// </summary>
internal sealed class NbExtrapolation(NbStructure structure)
{
    private const int Depth = 6;
    private const double Ridge = 1e-10;

    /// <summary>Adds a round to the history.</summary>
    public static void Add(StateSet<NbField> state, NbParameters from, NbParameters to)
    {
        var count = int.Min(state.Whole(NbField.History) + 1, Depth);
        for (var i = count - 1; i > 0; i--)
        {
            state[NbFitState.HistoryFrom.At(i)] = state[NbFitState.HistoryFrom.At(i - 1)];
            state[NbFitState.HistoryTo.At(i)] = state[NbFitState.HistoryTo.At(i - 1)];
        }

        state[NbFitState.HistoryFrom.At(0)] = [.. from.Location, .. from.ScalarLocation];
        state[NbFitState.HistoryTo.At(0)] = [.. to.Location, .. to.ScalarLocation];
        state[NbField.History] = count;
    }

    /// <summary>The proposal; null where there is too little history.</summary>
    public NbParameters? Propose(StateSet<NbField> state, NbParameters now)
    {
        var count = state.Whole(NbField.History);
        if (count < 3)
        {
            return null;
        }

        var weights = Precisions(now);
        var to = Enumerable.Range(0, count).Select(i => state[NbFitState.HistoryTo.At(i)]).ToArray();
        var steps = Enumerable.Range(0, count).Select(i =>
        {
            var from = state[NbFitState.HistoryFrom.At(i)];
            return to[i].Select((t, at) => (t - from[at]) * weights[at]).ToArray();
        }).ToArray();

        // Least squares of the newest step on differences to it.
        var m = count - 1;
        var (gram, right) = (new double[m * m], new double[m]);
        for (var i = 0; i < m; i++)
        {
            var difference = Difference(steps[0], steps[i + 1]);
            right[i] = System.Numerics.Tensors.TensorPrimitives.Dot<double>(difference, steps[0]);
            for (var j = 0; j <= i; j++)
            {
                gram[(i * m) + j] = gram[(j * m) + i] =
                    System.Numerics.Tensors.TensorPrimitives.Dot<double>(difference, Difference(steps[0], steps[j + 1]));
            }
        }

        for (var i = 0; i < m; i++)
        {
            gram[(i * m) + i] *= 1 + Ridge;
        }

        if (!SmallMatrix.TryFactor(gram, m))
        {
            return null;
        }

        var (inverse, combination) = (new double[m * m], new double[m]);
        SmallMatrix.InvertLower(gram, m);
        SmallMatrix.Square(gram, m, true, inverse);
        SmallMatrix.Multiply(inverse, right, m, combination);
        var next = now.Clone();
        for (var at = 0; at < weights.Length; at++)
        {
            var value = to[0][at];
            for (var i = 0; i < m; i++)
            {
                value -= combination[i] * (to[0][at] - to[i + 1][at]);
            }

            if (at < next.Location.Length)
            {
                next.Location[at] = value;
            }
            else
            {
                next.ScalarLocation[at - next.Location.Length] = value;
            }
        }

        return next;
    }

    private static double[] Difference(double[] a, double[] b)
    {
        var difference = new double[a.Length];
        System.Numerics.Tensors.TensorPrimitives.Subtract(a, b, difference);
        return difference;
    }

    // Inverse standard deviations; a scalar of all genes counts once, like a coordinate.
    private double[] Precisions(NbParameters now)
    {
        var (n, packed) = (structure.Coordinates, SmallMatrix.Packed(structure.Coordinates));
        var weights = new double[now.Location.Length + now.ScalarLocation.Length];
        for (var at = 0; at < now.Location.Length; at++)
        {
            var (g, i) = (at / n, at % n);
            var row = now.Factor.AsSpan((g * packed) + SmallMatrix.Packed(i), i + 1);
            weights[at] = 1 / System.Numerics.Tensors.TensorPrimitives.Norm<double>(row);
        }

        for (var s = 0; s < now.ScalarLocation.Length; s++)
        {
            weights[now.Location.Length + s] = 1 / now.ScalarScale[s];
        }

        return weights;
    }
}
