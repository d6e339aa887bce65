using FitCluster.Engine;
using FitCluster.Models;

namespace FitCluster.Node;

/// <summary>Reaches the store and the engine of a cluster, for a node or a client; what fails is a problem with its exit code.</summary>
internal static class ClusterAccess
{
    /// <summary>A store that has been reached and has its tables.</summary>
    /// <exception cref="ProblemException">The URL is wrong (2), or the store cannot be reached (4).</exception>
    public static async Task<IClusterStore> Store(string url)
    {
        IClusterStore? store = null;
        try
        {
            store = ClusterStores.Open(url);
            await store.Prepare().ConfigureAwait(false);
            return store;
        }
        catch (ClusterStoreException error)
        {
            if (store is not null)
            {
                await store.DisposeAsync().ConfigureAwait(false);
            }

            throw Failure(error);
        }
    }

    /// <summary>An engine that takes part in the cluster.</summary>
    /// <exception cref="ProblemException">The engine cannot be used (4).</exception>
    public static async Task<IClusterEngine> Engine(string url, ClusterEngineOptions options, IClusterStore store)
    {
        try
        {
            return await ClusterEngines.Connect(url, options, store).ConfigureAwait(false);
        }
        catch (ClusterEngineException error)
        {
            throw new ProblemException(ExitCode.Unreachable, error.Message, error);
        }
    }

    /// <summary>What a store could not do, as the end of a program.</summary>
    public static ProblemException Failure(ClusterStoreException error) =>
        new(error.IsUnreachable ? ExitCode.Unreachable : ExitCode.BadInput, error.Message, error);
}
