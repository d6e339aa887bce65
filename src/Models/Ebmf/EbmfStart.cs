using FitCluster.Data;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Models;
using FitCluster.Math.Ebnm;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Ebmf;

/// <summary>The factors of a finished fit that a job starts from: the fit's columns as they are, its rows matched by name.</summary>
internal sealed class EbmfStart
{
    private readonly EbmfFit _fit;
    private readonly Prior[] _loadingsPriors;
    private readonly Prior[] _factorsPriors;
    private readonly StartingRows _rows;
    private readonly double[] _loadings;
    private readonly double[] _loadingsSd;

    /// <exception cref="ProblemException">The job cannot start from the fit.</exception>
    public EbmfStart(FinishedFit from, SpecSection section, MatrixSource data)
    {
        _fit = new EbmfFit(from);
        if (_fit.Factors == 0)
        {
            throw ProblemException.BadInput($"from: the fit in '{from.Folder}' has no factors, so that there is nothing to start from: " +
                "fit without --from");
        }

        if (section.Has(EbmfFields.Init) && section.Get(EbmfFields.Init).Init != EbmfInit.Fit)
        {
            throw ProblemException.BadInput("ebmf.init has no effect with from, which says how factors are started: remove one of them");
        }

        StartingFit.CheckColumns(from, data.ColumnNames);
        CheckFixed(from, section);
        (_loadingsPriors, _factorsPriors) = (_fit.Priors("loadings"), _fit.Priors("factors"));
        // Read here: shards ask for their rows on several threads, and a folder is not for several.
        (_loadings, _loadingsSd) = (_fit.Moments("loadings_mean"), _fit.Moments("loadings_sd"));
        _rows = new StartingRows(from, data.RowNames);
        Section = section.With(EbmfFields.Init, new InitChoice(EbmfInit.Fit, null))
            .With(EbmfFields.LoadingsPrior, Families(section, EbmfFields.LoadingsPrior, _loadingsPriors))
            .With(EbmfFields.FactorsPrior, Families(section, EbmfFields.FactorsPrior, _factorsPriors));
    }

    /// <summary>The options, with what the fit decides where they do not.</summary>
    public SpecSection Section { get; }

    /// <summary>The factors of the fit, fixed ones first.</summary>
    public int Count => _fit.Factors;

    /// <summary>The model's options with the fit's factors in them.</summary>
    public EbmfOptions AddTo(EbmfOptions options)
    {
        // Of another family nothing of the fitted priors is of use: they are found anew.
        var keepsPriors = Enumerable.Range(0, Count).All(k =>
            _loadingsPriors[k].Family == Of(options.LoadingsPrior, k) && _factorsPriors[k].Family == Of(options.FactorsPrior, k));
        return options with
        {
            InitialFactorCount = Count,
            InitialFactors = _fit.Moments("factors_mean"),
            InitialFactorsSd = _fit.Moments("factors_sd"),
            InitialLoadingsPriors = keepsPriors ? _loadingsPriors : [],
            InitialFactorsPriors = keepsPriors ? _factorsPriors : [],
        };
    }

    /// <summary>Adds the loadings of a shard's rows; a row that the fit does not have is NaN.</summary>
    public void AddTo(ArraySet extras, ShardRange range) => extras
        .Set(ExtraKeys.InitialLoadings, _rows.Of(_loadings, Count, range), [range.Count, Count])
        .Set(ExtraKeys.InitialLoadingsSd, _rows.Of(_loadingsSd, Count, range), [range.Count, Count]);

    private static PriorFamily Of(IReadOnlyList<PriorFamily> families, int k) => families[int.Min(k, families.Count - 1)];

    /// <summary>The families asked for; else those of the fit, and for more factors the one that its options have for more.</summary>
    private IReadOnlyList<PriorFamily> Families(SpecSection section, SpecField<IReadOnlyList<PriorFamily>> field, Prior[] priors)
    {
        if (section.Has(field))
        {
            return section.Get(field);
        }

        // A factor in between may be gone, so that the fit's own list need not be that of its factors.
        List<PriorFamily> families = [.. priors.Select(prior => prior.Family), _fit.Fit.Spec.Section.Get(field)[^1]];
        while (families.Count > 1 && families[^1] == families[^2])
        {
            families.RemoveAt(families.Count - 1);
        }

        return families;
    }

    private static void CheckFixed(FinishedFit from, SpecSection section)
    {
        static string Words(SpecSection s)
        {
            var words = s.Get(EbmfFields.FixedFactors).Select(word => Path.IsPathRooted(word) ? "a file" : word).ToList();
            return words.Count == 0 ? "none" : string.Join(", ", words);
        }

        if (Words(from.Spec.Section) is var given && Words(section) is var asked && given != asked)
        {
            throw ProblemException.BadInput(
                $"from: the fit in '{from.Folder}' has ebmf.fixedFactors: {given}, and this job {asked}: fixed factors must be the " +
                "same, as they come first");
        }
    }
}
