using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FitCluster.Data;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Models.TwinEb;

/// <summary>A job of the model twineb.</summary>
internal sealed class TwinEbJob : IModelJob
{
    private const int DefaultRowComponents = 70;
    private const int DefaultColumnComponents = 100;

    // By row and factor: at most parameters, moments, best and kept of the reference optimizer, two numbers each.
    private const int NumbersByRow = 10;
    private const int NumbersByColumn = 16;

    private readonly TwinEbSpec _spec;
    private readonly MatrixSource _data;
    private readonly TwinEbOptions _options;
    private readonly IHeldOutSplit? _split;
    private readonly Lazy<ColumnScale>? _scale;

    /// <exception cref="ProblemException">The spec does not fit the data; every problem is listed.</exception>
    public TwinEbJob(JobSpec spec, MatrixSource data, IReadOnlyList<ShardRange> ranges)
    {
        _data = data;
        CheckValues(spec, data);
        _spec = spec.TwinEb with
        {
            RowComponents = spec.TwinEb.RowComponents ?? (int)long.Min(DefaultRowComponents, data.Rows),
            ColumnComponents = spec.TwinEb.ColumnComponents ?? int.Min(DefaultColumnComponents, data.Columns),
        };
        _options = _spec.Options with
        {
            Rows = data.Rows,
            Columns = data.Columns,
            RowComponents = _spec.RowComponents.Value,
            ColumnComponents = _spec.ColumnComponents.Value,
            Seed = spec.Seed,
        };
        var problems = TwinEbOptionsCheck.Problems(_options);
        if (problems.Count > 0)
        {
            throw new ProblemException(ExitCode.BadInput, [.. problems.Select(p => $"twineb: {p}")]);
        }

        _split = _spec.SplitPath is { } folder ? new GivenSplit(folder, data, IsPoisson, _spec.Binarize)
            : _spec.HoldsOut ? new ProtocolSplit(_spec, _spec.SplitSeed ?? spec.Seed, data.Rows)
            : null;
        _scale = !IsPoisson && _spec.Standardize ? new Lazy<ColumnScale>(() => ColumnScale.Of(data, ranges, _split)) : null;
        Model = _options.Optimizer == TwinEbOptimizer.Reference ? new TwinEbReferenceModel(_options) : new TwinEbConjugateModel(_options);
        DataHash = _split is null or { Content: "" }
            ? data.ContentHash
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(data.ContentHash + _split.Content)));
        Action<string>? writeSplit = _split is not null && _spec.WriteSplit
            ? to => SplitFiles.Write(to, data, ranges, _split, IsPoisson, _spec.Binarize)
            : null;
        Output = new TwinEbOutput(spec, data, _options, writeSplit, _scale);
    }

    /// <inheritdoc/>
    public IFitModel Model { get; }

    /// <inheritdoc/>
    public string DataHash { get; }

    /// <inheritdoc/>
    public IModelOutput Output { get; }

    /// <inheritdoc/>
    public string Title => string.Create(
        CultureInfo.InvariantCulture,
        $"twineb, {TwinEbSpecReader.Name(_options.Likelihood)}, prior {_options.Prior.ToString().ToLowerInvariant()}: {_options.Factors} factors, {_options.RowComponents} row and {_options.ColumnComponents} column components");

    /// <inheritdoc/>
    public IEnumerable<string> Notes => IsPoisson && _spec.Binarize is null && RatingScale.Describe(_data) is { } words ? [words] : [];

    /// <inheritdoc/>
    public SizeEstimate Sizes
    {
        get
        {
            var (n, d, l) = (_data.Rows, (long)_data.Columns, (long)_options.Factors);
            var packed = !IsPoisson && _options.Optimizer == TwinEbOptimizer.Default ? l * (l + 1) : 0;
            var priors = 6 * l * (_options.RowComponents + _options.ColumnComponents);
            var state = 8 * ((n * l * NumbersByRow) + (d * ((l * NumbersByColumn) + packed)) + priors);
            // Shards hold copies where entries are held out or changed; a cell that is held out takes three numbers.
            var copies = TwinEbShard.Rebuilds(_data, _spec.Binarize, _scale is not null, _split) ? _data.StoredBytes + (long)(24 * _spec.Validation * n * d) : 0;
            var frozen = _options.Optimizer != TwinEbOptimizer.Default ? 0 : IsPoisson ? 8 * l * d : 4 * packed * d;
            return SizeEstimate.Of(_data.StoredBytes + copies, state, (16 * l * (n + d)) + frozen);
        }
    }

    private bool IsPoisson => _options.Likelihood == TwinEbLikelihood.Poisson;

    /// <inheritdoc/>
    public void WriteSection(Utf8JsonWriter writer, bool forPeople) => TwinEbSpecReader.Write(writer, _spec, forPeople);

    /// <inheritdoc/>
    public void WritePlan(Utf8JsonWriter writer)
    {
        writer.WriteNumber("factors", _options.Factors);
        writer.WriteNumber("rowComponents", _options.RowComponents);
        writer.WriteNumber("columnComponents", _options.ColumnComponents);
    }

    /// <inheritdoc/>
    public ShardData Load(ShardId shard, ShardRange range) => TwinEbShard.Load(_data, shard, range, IsPoisson, _spec.Binarize, _scale?.Value, _split);

    /// <summary>Refuses data that are not what the likelihood is of.</summary>
    public static void CheckValues(JobSpec spec, MatrixSource data)
    {
        var path = DataUrl.Show(spec.Data.Path);
        if (spec.TwinEb.Options.Likelihood == TwinEbLikelihood.Gaussian)
        {
            if (data.IsSparse && data.Unstored == UnstoredEntries.Zero)
            {
                throw ProblemException.BadInput(
                    $"'{path}' is sparse, and the gaussian likelihood of twineb would have to store its zeros: say data.missing: zeros, so that zeros are missing, or give dense data");
            }

            return;
        }

        if (spec.TwinEb.Binarize is null && (data.Facts.FirstNegative ?? data.Facts.FirstNonInteger) is { } entry)
        {
            var line = MatrixSource.LineOf(DataOpener.Resolve(spec.Data.Path), DataOpener.ToOptions(spec.Data), entry) is { } found ? $"{found}: " : "";
            var others = data.Facts.NegativeCount + data.Facts.NonIntegerCount - 1;
            throw ProblemException.BadInput(string.Create(
                CultureInfo.InvariantCulture,
                $"'{path}', {line}{entry.Value} in row '{data.RowNames[(int)entry.Row]}', column '{data.ColumnNames[entry.Column]}' (and in {others} more such entries) is no count, but the poisson likelihood of twineb needs counts, whole numbers from 0: give counts without a transform; of a rating scale, set twineb.binarize: 0 to model which entries are above 0; or set twineb.likelihood: gaussian"));
        }
    }
}
