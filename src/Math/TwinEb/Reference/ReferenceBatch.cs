using FitCluster.Math.Models;

namespace FitCluster.Math.TwinEb;

/// <summary>The rows of one shard that a step looks at.</summary>
/// <param name="Data">The shard.</param>
/// <param name="Cells">Its cells that are not for training.</param>
/// <param name="Rows">The rows of the batch, local indices, ascending.</param>
/// <param name="RowConstants">By row of the shard: the part of the log-likelihood that no parameter changes, -sum log x! (Poisson).</param>
/// <param name="Scale">What the rows stand for: all training rows / rows of the batch over all shards.</param>
internal readonly record struct ReferenceBatch(ShardData Data, HeldOutCells Cells, int[] Rows, double[] RowConstants, double Scale);
