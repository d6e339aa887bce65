using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// A finished fit from which another one starts (more sweeps or steps, more factors, more rows): its columns and priors, of either
/// optimizer. The columns are the same ones in the same order; the rows are found in the shards' extra arrays <see cref="RowMeans"/> and
/// <see cref="RowSds"/>.
/// </summary>
public sealed class TwinEbStart
{
    /// <summary>
    /// The name of a shard's extra array [rows x L of the given fit] of the given "rows_mean", where there are any: of its own rows, NaN
    /// for a row that the given fit does not have. Without it all rows are new. New rows are fitted to the given columns before the first
    /// sweep (default optimizer) or start as in a fresh fit (reference).
    /// </summary>
    public const string RowMeans = "startRowsMean";

    /// <summary>The name of the extra array of the given "rows_sd", of the same shape.</summary>
    public const string RowSds = "startRowsSd";

    /// <summary>Takes a fit's results.</summary>
    /// <param name="likelihood">The likelihood of both fits.</param>
    /// <param name="results">
    /// "columns_mean" and "columns_sd" [D x L]; where they are there "columns_log_mean" [D x L] (Poisson) or "columns_second" [D x L (L +
    /// 1) / 2] (Gaussian); of both sides, "row_prior" and "column_prior", the "_weight" [K] and, [K x L], "_shape" and "_rate" (Poisson) or
    /// "_mean" and "_sd" (Gaussian). Other arrays are not looked at.
    /// </param>
    /// <exception cref="ArgumentException">
    /// An array is absent, has another shape, or numbers that no fit ends with; the message lists every problem.
    /// </exception>
    public TwinEbStart(TwinEbLikelihood likelihood, ArraySet results)
    {
        Likelihood = likelihood;
        var problems = new List<string>();
        var isCounts = likelihood != TwinEbLikelihood.Gaussian;
        int[] shape = results.Contains("columns_mean") && results.Get("columns_mean").Shape is [_, _] found ? found : [0, 0];
        (Columns, Factors) = (shape[0], shape[1]);
        double[] Read(string name, int length, Func<double, bool> isValid, string range)
        {
            if (!results.Contains(name) || results[name].Length != length || length == 0)
            {
                problems.Add($"'{name}' is not there, or does not have {length} numbers");
                return [];
            }

            var at = Array.FindIndex(results[name], x => !isValid(x));
            if (at >= 0)
            {
                problems.Add(FormattableString.Invariant($"'{name}' has {results[name][at]} at {at}: it must be {range}"));
            }

            return results[name];
        }

        double[]? Optional(string name, int length) => results.Contains(name) ? Read(name, length, double.IsFinite, "finite") : null;
        ColumnMeans = Read("columns_mean", Columns * Factors, x => double.IsFinite(x) && (!isCounts || x >= 0),
            isCounts ? "finite and at least 0" : "finite");
        ColumnSds = Read("columns_sd", Columns * Factors, x => double.IsFinite(x) && x >= 0, "finite and at least 0");
        ColumnLogs = isCounts ? Optional("columns_log_mean", Columns * Factors) : null;
        ColumnSeconds = isCounts ? null : Optional("columns_second", Columns * Factors * (Factors + 1) / 2);
        var ofDispersion = likelihood == TwinEbLikelihood.NegativeBinomial && results.Contains("dispersion");
        Dispersion = ofDispersion && results.Scalar("dispersion") is > 0 and < 1e6 and var a ? a : null;
        (RowPrior, ColumnPrior) = (Prior("row_prior"), Prior("column_prior"));
        if (problems.Count > 0)
        {
            throw new ArgumentException($"the results to start from cannot be used: {string.Join("; ", problems)}", nameof(results));
        }

        TwinEbStartPrior Prior(string side)
        {
            var components = results.Contains(side + "_weight") ? results[side + "_weight"].Length : 0;
            var weights = Read(side + "_weight", components, w => w is >= 0 and <= 1, "from 0 to 1");
            var (first, second) = isCounts ? ("_shape", "_rate") : ("_mean", "_sd");
            var prior = new TwinEbStartPrior(
                weights, Read(side + first, components * Factors, _ => true, ""), Read(side + second, components * Factors, _ => true, ""));
            for (var at = 0; at < prior.First.Length && at < prior.Second.Length; at++)
            {
                if (weights.Length == components && weights[at / Factors] > 0 && !(double.IsFinite(prior.First[at]) &&
                    (!isCounts || prior.First[at] > 0) && prior.Second[at] > 0 && double.IsFinite(prior.Second[at])))
                {
                    problems.Add($"component {(at / Factors) + 1} of '{side}' is not a distribution");
                    break;
                }
            }

            return prior;
        }
    }

    /// <summary>The likelihood.</summary>
    public TwinEbLikelihood Likelihood { get; }

    /// <summary>D.</summary>
    public int Columns { get; }

    /// <summary>L of the given fit. A fit with more factors starts the others as a fresh one does.</summary>
    public int Factors { get; }

    /// <summary>E v, D x L.</summary>
    public double[] ColumnMeans { get; }

    /// <summary>Standard deviations of v, D x L.</summary>
    public double[] ColumnSds { get; }

    /// <summary>E log v, D x L, where the results have it.</summary>
    public double[]? ColumnLogs { get; }

    /// <summary>E v v', packed, D x L (L + 1) / 2, where the results have it.</summary>
    public double[]? ColumnSeconds { get; }

    /// <summary>Negative binomial: a, where the results have it.</summary>
    public double? Dispersion { get; }

    /// <summary>The rows' prior.</summary>
    public TwinEbStartPrior RowPrior { get; }

    /// <summary>The columns' prior.</summary>
    public TwinEbStartPrior ColumnPrior { get; }
}
