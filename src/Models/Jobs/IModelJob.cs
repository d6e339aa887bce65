using System.Text.Json;
using FitCluster.Data;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models.Results;

namespace FitCluster.Models.Jobs;

/// <summary>What of a prepared job depends on its model: options decided with the data, and what shards read. Thread-safe.</summary>
internal interface IModelJob
{
    /// <summary>The model.</summary>
    IFitModel Model { get; }

    /// <summary>The hash of the content of the data, and of every other file that is read.</summary>
    string DataHash { get; }

    /// <summary>The model in a line, for the plan.</summary>
    string Title { get; }

    /// <summary>What a user should know of the data, given this model.</summary>
    IEnumerable<string> Notes { get; }

    /// <summary>What the job will take at most.</summary>
    SizeEstimate Sizes { get; }

    /// <summary>Its results.</summary>
    IModelOutput Output { get; }

    /// <summary>The data of a shard.</summary>
    ShardData Load(ShardId shard, ShardRange range);

    /// <summary>Writes the model's section of the spec, all defaults decided; for people, with paths.</summary>
    void WriteSection(Utf8JsonWriter writer, bool forPeople);

    /// <summary>Writes what a plan says of the model.</summary>
    void WritePlan(Utf8JsonWriter writer);
}
