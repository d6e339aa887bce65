using FitCluster.Math.Ebnm;

namespace FitCluster.Math.Ebmf;

/// <summary>What is wrong with options, every problem at once.</summary>
public static class EbmfOptionsCheck
{
    /// <summary>One sentence for each problem; empty when the options are sound.</summary>
    public static IReadOnlyList<string> Problems(EbmfOptions options)
    {
        var problems = new List<string>();
        var least = (int)long.Min(int.MaxValue, long.Min(options.Rows, options.Columns));
        void Check(bool ok, string problem)
        {
            if (!ok)
            {
                problems.Add(problem);
            }
        }

        Check(options.Rows >= 1, $"the matrix has {options.Rows} rows: at least 1 is needed");
        Check(options.Columns >= 2, $"the matrix has {options.Columns} columns: at least 2 are needed");
        Check(options.MaxFactors >= 0, $"maxFactors is {options.MaxFactors}: it must be at least 0");
        Check(options.MaxFactors <= int.Max(0, least),
            $"maxFactors is {options.MaxFactors}, but the matrix is {options.Rows} x {options.Columns}: use at most {least}");
        Check(options.MaxSweeps >= 1, $"the limit of sweeps is {options.MaxSweeps}: it must be at least 1");
        Check(options.Tolerance is null or > 0 && double.IsFinite(options.Tolerance ?? 1),
            $"tolerance is {options.Tolerance}: it must be a finite number above 0");
        foreach (var (side, families) in new[] { ("loadingsPrior", options.LoadingsPrior), ("factorsPrior", options.FactorsPrior) })
        {
            Check(families.Count > 0, $"{side} is empty: name a prior family");
            foreach (var family in families.Distinct().Where(f => EbnmFamilies.Get(f).Traits.NeedsUnitErrors))
            {
                var name = EbnmFamilies.Name(family);
                problems.Add($"{side} is {name}, which is for z-scores with standard error 1: in a factorization use npmle");
            }
        }

        Check(options.Variance != VarianceStructure.Known || options.KnownErrors != KnownErrors.None,
            "variance is 'known', but there are no standardErrors: give them, or estimate a variance");
        Check(options.Variance != VarianceStructure.Kronecker || options.KnownErrors == KnownErrors.None,
            "variance 'kronecker' cannot be combined with standardErrors: use constant, row, column or known");
        var expected = options.KnownErrors switch { KnownErrors.Scalar => 1, KnownErrors.Column => options.Columns, _ => 0 };
        Check(options.StandardErrors.Length == expected,
            $"there are {options.StandardErrors.Length} standard errors where {expected} were expected");
        Check(options.StandardErrors.All(s => s > 0 && double.IsFinite(s)), "a standard error is not a finite number above 0");
        var isGiven = options.Init is EbmfInit.Given or EbmfInit.Fit;
        Check(!isGiven || options.InitialFactors.Length == options.InitialFactorCount * options.Columns,
            $"the given starting factors have {options.InitialFactors.Length} values where " +
            $"{options.InitialFactorCount} x {options.Columns} were expected");
        Check(!isGiven || options.InitialFactors.All(double.IsFinite), "a starting factor has a value that is not finite");
        Check(options.FixedFactors.Length is 0 || options.FixedFactors.Length == options.FixedFactorCount * options.Columns,
            $"the fixed factors have {options.FixedFactors.Length} values where " +
            $"{options.FixedFactorCount} x {options.Columns} were expected");
        Check(!options.FixedFactors.Any(double.IsInfinity), "a fixed entry of a factor is infinite");
        Check(options.FixedFactorCount >= 0 && options.FixedFactorCount <= int.Max(0, least),
            $"there are {options.FixedFactorCount} fixed factors for a matrix of {options.Rows} x {options.Columns}");
        problems.AddRange(ProblemsOfFit(options));
        return problems;
    }

    // What a start from a finished fit needs, and what is for such a start alone.
    private static IEnumerable<string> ProblemsOfFit(EbmfOptions options)
    {
        var (count, priors) = (options.InitialFactorCount, options.InitialLoadingsPriors.Count);
        if (options.Init != EbmfInit.Fit)
        {
            if (options.InitialFactorsSd.Length + priors + options.InitialFactorsPriors.Count > 0)
            {
                yield return "standard deviations and priors of initial factors have no effect but in a start from a fit";
            }

            yield break;
        }

        if (count < 1 || count < options.FixedFactorCount)
        {
            var least = int.Max(1, options.FixedFactorCount);
            yield return $"the fit to start from has {count} factors where at least {least} were expected: its fixed factors come first";
        }

        var free = count - options.FixedFactorCount;
        if (free > options.MaxFactors)
        {
            yield return $"maxFactors is {options.MaxFactors}, but the fit to start from has {free} factors: give at least as many";
        }

        if (options.InitialFactorsSd.Length > 0
            && (options.InitialFactorsSd.Length != options.InitialFactors.Length
            || !options.InitialFactorsSd.All(s => s >= 0 && double.IsFinite(s))))
        {
            yield return $"there must be {options.InitialFactors.Length} standard deviations of the starting factors, finite, not below 0";
        }

        if ((priors > 0 && priors != count) || priors != options.InitialFactorsPriors.Count)
        {
            var others = options.InitialFactorsPriors.Count;
            yield return $"there are {priors} priors of loadings and {others} of factors for {count} starting factors: " +
                "give one of each, or none";
            yield break;
        }

        foreach (var (side, given, families) in new[]
        {
            ("loadingsPrior", options.InitialLoadingsPriors, options.LoadingsPrior),
            ("factorsPrior", options.InitialFactorsPriors, options.FactorsPrior),
        })
        {
            for (var k = 0; k < given.Count && families.Count > 0; k++)
            {
                var (family, fitted) = (families[int.Min(k, families.Count - 1)], given[k].Family);
                if (fitted != family)
                {
                    yield return $"{side} of factor {k + 1} is {EbnmFamilies.Name(family)}, but the fit to start from has " +
                        $"{EbnmFamilies.Name(fitted)}: leave its priors out, or keep the family";
                }
            }
        }
    }
}
