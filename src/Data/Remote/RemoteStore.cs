using FitCluster.Data.Store;

namespace FitCluster.Data.Remote;

/// <summary>A store at a URL: its header is there already, everything else is fetched when it is needed, block by block.</summary>
internal sealed class RemoteStore(RemoteClient client, DataUrl url, byte[] header) : StorePlace
{
    public override string Name => url.ToString();

    public override byte[] ReadHeader() => header;

    public override StoreBlocks Open(StoreFile file) => new RemoteBlocks(client, url.Child(file.Name), file);
}
