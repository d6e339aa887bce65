using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.Models;

/// <summary>The data of one shard: a contiguous block of rows, read from its source, never from another node's memory.</summary>
/// <param name="Shard">The shard's index.</param>
/// <param name="FirstRow">The index of its first row in the whole matrix.</param>
/// <param name="TotalRows">The rows of the whole matrix.</param>
/// <param name="Block">Its rows of the data matrix.</param>
/// <param name="StandardErrors">Its rows of a matrix of known standard errors (same stored entries as the block), or null.</param>
/// <param name="Extras">Other arrays by row (fixed loadings, starting loadings, known row standard
/// errors), rows of this shard only.</param>
public sealed record ShardData(
    ShardId Shard, long FirstRow, long TotalRows, MatrixBlock Block, MatrixBlock? StandardErrors, ArraySet Extras);
