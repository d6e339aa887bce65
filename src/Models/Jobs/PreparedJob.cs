using FitCluster.Data;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Jobs;

/// <summary>A job that is ready to run: spec and data checked against each other, shards planned, hashes known. Writes nothing.</summary>
public sealed class PreparedJob : IFitJob
{
    /// <exception cref="ProblemException">The spec does not fit the data; every problem is listed.</exception>
    public PreparedJob(JobSpec spec, MatrixSource data)
    {
        Data = data;
        if (spec.Shards > data.Rows)
        {
            throw ProblemException.BadInput($"shards is {spec.Shards}, but the data have {data.Rows} rows: use at most {data.Rows}");
        }

        if (data.ObservedCount == 0)
        {
            throw ProblemException.BadInput(
                $"'{DataUrl.Show(spec.Data.Path)}' has no observed entry: every one is missing; give data with values, or correct " +
                "data.missing");
        }

        Ranges = data.Shards(spec.Shards);
        Kind = ModelKinds.Get(spec.Model);
        DataCheck.Check(Kind.Needs(spec.Section), spec.Data, data);
        var from = spec.From is { } folder ? StartingFit.Open(folder, spec) : null;
        Own = Kind.Prepare(new ModelRequest(spec, data, Ranges, from));
        Spec = spec with { Section = Own.Section };
        SpecHash = SpecCanonical.Hash(Spec, Ranges.Count);
        DataHash = from is null ? Own.DataHash : StartingFit.Hash(Own.DataHash, from);
    }

    /// <summary>The kind of model.</summary>
    public ModelKind Kind { get; }

    /// <summary>What was asked for, with all that was decided with the data.</summary>
    public JobSpec Spec { get; }

    /// <summary>The data.</summary>
    public MatrixSource Data { get; }

    /// <summary>What depends on the model.</summary>
    public ModelJob Own { get; }

    /// <summary>The shards' rows.</summary>
    public IReadOnlyList<ShardRange> Ranges { get; }

    /// <summary>The hash of all that determines the result but the content of files.</summary>
    public string SpecHash { get; }

    /// <summary>The hash of the content of the data, and of every other file that is read.</summary>
    public string DataHash { get; }

    /// <inheritdoc/>
    public IFitModel Model => Own.Model;

    /// <inheritdoc/>
    public int Shards => Ranges.Count;

    /// <inheritdoc/>
    public ShardData Load(ShardId shard) => Own.Load(shard, Ranges[shard.Value]);
}
