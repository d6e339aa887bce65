using FitCluster.Messages;

namespace FitCluster.Math.Models;

/// <summary>What a spec stands for: the model, and where each shard's data come from. Thread-safe.</summary>
public interface IFitJob
{
    /// <summary>The model.</summary>
    IFitModel Model { get; }

    /// <summary>The number of shards.</summary>
    int Shards { get; }

    /// <summary>Opens the data of one shard, from the source.</summary>
    ShardData Load(ShardId shard);
}

/// <summary>Makes the job of a spec (the text that travels in <see cref="LoadShard"/> and <see cref="StartJob"/>).</summary>
public delegate IFitJob JobOpener(string spec);
