using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Nb;

/// <summary>Data of known truth for nb: see <see cref="NbSimulator"/>.</summary>
internal sealed class NbSimulatorKind : SimulatorKind
{
    private static readonly NbSimulationOptions D = new();

    private static readonly SpecType<IReadOnlyList<double>> CaptureList = new(
        "a number from 0 to 1, or one for each dataset with commas between them", "LIST", ReadCaptures,
        (writer, name, value, _) =>
            writer.WriteString(name, string.Join(',', value.Select(v => v.ToString(CultureInfo.InvariantCulture)))));

    private static readonly SpecField<int> Components = new("components", SpecTypes.Count(1, 1000), D.Components)
    {
        Flag = "--components",
        Help = "types of cells",
    };

    private static readonly SpecField<int> Datasets = new("datasets", SpecTypes.Count(1, 10_000), D.Datasets)
    {
        Flag = "--datasets",
        Help = "datasets",
    };

    private static readonly SpecField<int> Donors = new("donors", SpecTypes.Count(2, 1000), D.Donors)
    {
        Flag = "--donors",
        Help = "donors, each in every condition, in place of datasets",
        DefaultWords = "none",
    };

    private static readonly SpecField<int> Conditions = new("conditions", SpecTypes.Count(2, 100), 2)
    {
        Flag = "--conditions",
        Help = "conditions",
        WithoutEffect = s => s.Has(Donors) ? null : "has no effect without --donors: remove it",
    };

    private static readonly SpecField<IReadOnlyList<double>> Captures = new("captures", CaptureList, D.Captures)
    {
        Flag = "--captures",
        Help = "the centres of capture",
    };

    private static readonly SpecField<double> CaptureSpread = new("captureSpread", SpecTypes.Number(0, 10), D.CaptureSpread)
    {
        Flag = "--capture-spread",
        Help = "the standard deviation of logit capture in a dataset",
    };

    private static readonly SpecField<double> Different = new("different", SimulationFields.Share(mayBeOne: true), D.Different)
    {
        Flag = "--different",
        Help = "the share of genes that differ between datasets or conditions",
        WithoutEffect = Several,
    };

    private static readonly SpecField<double> Difference = new("difference", SpecTypes.Positive, D.Difference)
    {
        Flag = "--difference",
        Help = "by how much they differ, in natural logarithms",
        WithoutEffect = Several,
    };

    private static readonly SpecField<double> DonorSd = new("donorSd", SpecTypes.Number(0, 10), D.DonorSd)
    {
        Flag = "--donor-sd",
        Help = "the standard deviation of donors' effects on log means",
        WithoutEffect = s => s.Has(Donors) ? null : "has no effect without --donors: remove it",
    };

    private static readonly SpecField<double> Markers = new("markers", SimulationFields.Share(mayBeOne: true), D.Markers)
    {
        Flag = "--markers",
        Help = "the share of genes whose mean is other in one type of cells",
        WithoutEffect = s => s.Get(Components) > 1 ? null : "has no effect with one type of cells: remove it",
    };

    private static readonly SpecField<double> LogMean = new("logMean", SpecTypes.Number(-20, 20), D.LogMean)
    {
        Flag = "--log-mean",
        Help = "the mean of genes' log means, capture apart",
    };

    private static readonly SpecField<double> LogMeanSd = new("logMeanSd", SpecTypes.Number(0, 10), D.LogMeanSd)
    {
        Flag = "--log-mean-sd",
        Help = "their standard deviation",
    };

    private static readonly SpecField<double?> Density = new("density", SpecTypes.Number(1e-6, 0.999).Optional(), null)
    {
        Flag = "--density",
        Help = "share of counts that are not zero",
        Check = s => s.Has(LogMean) ? "says, as --log-mean does, how large counts are: give one of them" : null,
    };

    private static readonly SpecField<double> Phi = new("phi", SpecTypes.Positive, D.Phi)
    {
        Flag = "--phi",
        Help = "1 / odds: r is phi times the mean",
    };

    private static readonly SpecField<double> Gates = new("gates", SimulationFields.Share(mayBeOne: true), D.Gates)
    {
        Flag = "--gates",
        Help = "the share of genes with structural zeros",
    };

    private static readonly SpecField<double> Heavy = new("heavy", SimulationFields.Share(mayBeOne: true), D.Heavy)
    {
        Flag = "--heavy",
        Help = "the share of genes that are beta negative binomial",
    };

    /// <inheritdoc/>
    public override SpecTable Fields { get; } = new(
        "nb", SimulationFields.Rows, SimulationFields.Columns, Components, Datasets, Donors, Conditions, Captures, CaptureSpread, Different,
        Difference, DonorSd, Markers, LogMean, LogMeanSd, Density, Phi, Gates, Heavy, SimulationFields.Seed);

    /// <inheritdoc/>
    public override bool DrawsCounts(SpecSection options) => true;

    /// <inheritdoc/>
    public override void Check(SpecSection options, ProblemList problems)
    {
        if (options.Has(Datasets) && options.Has(Donors))
        {
            problems.Add("simulate: --datasets and --donors both say which datasets there are: give one of them");
        }

        var asked = Asked(options);
        var captures = options.Get(Captures).Count;
        if (captures > 1 && captures != asked.AllDatasets)
        {
            problems.Add($"simulate: --captures has {captures} numbers for {asked.AllDatasets} datasets: give one, or one for each");
        }

        if (asked.AllDatasets > asked.Rows)
        {
            problems.Add($"simulate: {asked.AllDatasets} datasets need at least as many rows, and there are {asked.Rows}");
        }
    }

    /// <inheritdoc/>
    public override ISimulator Create(SpecSection options) => new NbSimulator(Asked(options));

    private static NbSimulationOptions Asked(SpecSection options) => new()
    {
        Rows = options.Get(SimulationFields.Rows),
        Columns = options.Get(SimulationFields.Columns),
        Components = options.Get(Components),
        Datasets = options.Get(Datasets),
        Donors = options.Get(Donors),
        Conditions = options.Has(Donors) ? options.Get(Conditions) : 0,
        Captures = options.Get(Captures),
        CaptureSpread = options.Get(CaptureSpread),
        Different = options.Get(Different),
        Difference = options.Get(Difference),
        DonorSd = options.Get(DonorSd),
        Markers = options.Get(Markers),
        LogMean = options.Get(LogMean),
        LogMeanSd = options.Get(LogMeanSd),
        Density = options.Get(Density),
        Phi = options.Get(Phi),
        Gates = options.Get(Gates),
        Heavy = options.Get(Heavy),
        Seed = (ulong)options.Get(SimulationFields.Seed),
    };

    private static string? Several(SpecSection s) =>
        s.Get(Datasets) > 1 || s.Has(Donors) ? null : "has no effect with one dataset: remove it";

    private static bool ReadCaptures(FieldReading reading, [MaybeNullWhen(false)] out IReadOnlyList<double> value)
    {
        var list = new List<double>();
        value = list;
        foreach (var text in reading.Section.Text(reading.Key)?.Split(',') ?? [])
        {
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var capture) || !(capture > 0 && capture < 1))
            {
                reading.Wrong("must be numbers above 0 and below 1, with commas between them");
                return false;
            }

            list.Add(capture);
        }

        return list.Count > 0;
    }
}
