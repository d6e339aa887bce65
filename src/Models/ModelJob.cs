using System.Text.Json;
using FitCluster.Data;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Spec;

namespace FitCluster.Models;

/// <summary>What of a prepared job depends on its model: options decided with the data, and what shards read. Thread-safe.</summary>
/// <param name="request">What it was prepared from.</param>
public abstract class ModelJob(ModelRequest request)
{
    /// <summary>The model.</summary>
    public abstract IFitModel Model { get; }

    /// <summary>The options, decided: written to fit.json and hashed.</summary>
    public virtual SpecSection Section => request.Section;

    /// <summary>The hash of the content of the data, and of every other file that is read.</summary>
    public virtual string DataHash => request.Data.ContentHash;

    /// <summary>The model in a line, for the plan.</summary>
    public virtual string Title => request.Section.Table.Name;

    /// <summary>What a user should know of the data, given this model.</summary>
    public virtual IEnumerable<string> Notes => [];

    /// <summary>What the job will take at most.</summary>
    public abstract SizeEstimate Sizes { get; }

    /// <summary>Its results.</summary>
    public virtual ModelOutput Output => new(request);

    /// <summary>The data of a shard: its rows as they are.</summary>
    public virtual ShardData Load(ShardId shard, ShardRange range) =>
        new(shard, range.First, request.Data.Rows, request.Data.RowBlock(range), null, []);

    /// <summary>Writes what a plan says of the model.</summary>
    public virtual void WritePlan(Utf8JsonWriter writer)
    {
    }
}
