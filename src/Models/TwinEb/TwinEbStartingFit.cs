using FitCluster.Data;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Models.TwinEb;

/// <summary>
/// The finished fit that a job of twineb starts from: the fit's columns and priors as they are, its rows matched by name.
/// </summary>
internal sealed class TwinEbStartingFit
{
    private readonly StartingRows _rows;
    private readonly double[] _means;
    private readonly double[] _sds;

    /// <exception cref="ProblemException">The job cannot start from the fit.</exception>
    public TwinEbStartingFit(FinishedFit from, SpecSection section, MatrixSource data)
    {
        var fit = new TwinEbFit(from);
        CheckSame(from, section, TwinEbFields.Likelihood, LikelihoodWords.Of, isAsked: true);
        if (!fit.IsCounts)
        {
            CheckSame(from, section, TwinEbFields.Standardize, isTrue => isTrue ? "true" : "false",
                section.Has(TwinEbFields.Standardize));
        }

        StartingFit.CheckColumns(from, data.ColumnNames);
        Start = ReadStart(fit);

        // Read here: shards ask for their rows on several threads, and a folder is not for several.
        (_means, _sds, Scale) = (fit.Moments("rows_mean"), fit.Moments("rows_sd"), fit.Scale);
        _rows = new StartingRows(from, data.RowNames);
        Section = Decided(section, from.Spec.Section);
    }

    /// <summary>The options, with what the fit decides where they do not.</summary>
    public SpecSection Section { get; }

    /// <summary>Its columns and priors.</summary>
    public TwinEbStart Start { get; }

    /// <summary>
    /// How columns are standardized; null where they are not. The fit's parameters are on its standardized scale and so mean something on
    /// that alone:
    /// its centres and scales are kept, though of other rows, or with other entries held out, the data's own would differ a little.
    /// </summary>
    public ColumnScale? Scale { get; }

    /// <summary>Adds the parameters of a shard's rows; those of a row that the fit does not have are NaN.</summary>
    public void AddTo(ArraySet extras, ShardRange range) => extras
        .Set(TwinEbStart.RowMeans, _rows.Of(_means, Start.Factors, range), [range.Count, Start.Factors])
        .Set(TwinEbStart.RowSds, _rows.Of(_sds, Start.Factors, range), [range.Count, Start.Factors]);

    private static TwinEbStart ReadStart(TwinEbFit fit)
    {
        try
        {
            return new TwinEbStart(fit.Options.Likelihood, fit.StartingResults());
        }
        catch (ArgumentException e)
        {
            throw ProblemException.BadInput($"from: the fit in '{fit.Fit.Folder}' holds numbers that no fit ends with, run it again: " +
                $"{e.Message}", e);
        }
    }

    private SpecSection Decided(SpecSection section, SpecSection given)
    {
        section = section.Has(TwinEbFields.Factors) ? section : section.With(TwinEbFields.Factors, Start.Factors);
        section = section.Has(TwinEbFields.Standardize) ? section
            : section.With(TwinEbFields.Standardize, given.Get(TwinEbFields.Standardize));
        section = WithComponents(section, TwinEbFields.RowComponents, Start.RowPrior.Components, given);
        return WithComponents(section, TwinEbFields.ColumnComponents, Start.ColumnPrior.Components, given);
    }

    /// <summary>A fit that ended before its components were split has one, and may split it into as many as it was to have.</summary>
    private static SpecSection WithComponents(SpecSection section, SpecField<int?> field, int components, SpecSection given) =>
        section.Has(field) ? section : section.With(field, components > 1 ? components : given.Get(field));

    private static void CheckSame<T>(FinishedFit from, SpecSection section, SpecField<T> field, Func<T, string> word, bool isAsked)
    {
        var (given, asked) = (word(from.Spec.Section.Get(field)), word(section.Get(field)));
        if (isAsked && given != asked)
        {
            throw ProblemException.BadInput(
                $"from: the fit in '{from.Folder}' has twineb.{field.Name}: {given}, and this job {asked}: its parameters mean " +
                $"something for {given} alone; give twineb.{field.Name}: {given}");
        }
    }
}
