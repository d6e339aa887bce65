using FitCluster.Math.Models;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>How many sweeps a restart has, after which of them components are split, and from what random numbers it starts.</summary>
internal sealed class ConjugateSchedule(TwinEbOptions options)
{
    /// <summary>Sweeps at most of a restart.</summary>
    public int MostSweeps => options.Steps ?? ConjugateSettings.Sweeps;

    /// <summary>
    /// The last sweep with one component a side, after which it is split; -1 where there is none: nothing to split, or it is a finished
    /// fit's and split already.
    /// </summary>
    public int SplitAfter(int restart) =>
        Splits && !(restart == 0 && options.Start is { } start && int.Max(start.RowPrior.Components, start.ColumnPrior.Components) > 1)
            ? int.Min(ConjugateSettings.SweepsBeforeSplit, int.Max(2, MostSweeps / 2)) - 1
            : -1;

    /// <summary>
    /// Whether validation cells are scored after so many sweeps: the first eight, then whenever there are a quarter more of them.
    /// </summary>
    public static bool IsChecked(int sweeps)
    {
        var due = 1;
        while (due < sweeps)
        {
            due += int.Max(1, due / 4);
        }

        return due == sweeps;
    }

    /// <summary>Restarts have keys far apart.</summary>
    public ulong SeedOf(int restart) => unchecked(options.Seed + ((ulong)restart * 0x9E3779B97F4A7C15));

    /// <summary>
    /// Rows of the whole matrix from which row components start: all of them, or so many with equal spacing from a random start. None but
    /// in the sweep before a split.
    /// </summary>
    public double[] Candidates(StateSet<ConjugateField> state)
    {
        var restart = state.Whole(ConjugateField.Restart);
        if ((ConjugatePhase)state.Whole(ConjugateField.Phase) != ConjugatePhase.Sweep ||
            state.Whole(ConjugateField.Sweep) != SplitAfter(restart))
        {
            return [];
        }

        var count = long.Min(options.Rows, (long)ConjugateSettings.CandidatesPerComponent * options.RowComponents);
        var offset = Philox.Uniform(SeedOf(restart), ConjugateDraw.Candidates, 0);
        return [.. Enumerable.Range(0, (int)count).Select(c => double.Floor((c + offset) * options.Rows / count))];
    }

    private bool Splits =>
        (options.Prior is TwinEbPrior.Twin or TwinEbPrior.Rows && options.RowComponents > 1)
        || (options.Prior is TwinEbPrior.Twin or TwinEbPrior.Columns && options.ColumnComponents > 1);
}
