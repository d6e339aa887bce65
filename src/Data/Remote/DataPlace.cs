using FitCluster.Data.Reading;
using FitCluster.Data.Store;

namespace FitCluster.Data.Remote;

/// <summary>
/// What a path or URL leads to: a store, or files on this machine (downloaded ones, if it is a URL, which stay while this
/// is held). A URL whose last part is a file's name by its extension is that file; of any other, store.json and then
/// matrix.mtx (10x) are asked for below it first.
/// </summary>
internal sealed class DataPlace : IDisposable
{
    private static readonly string[] Extensions = [".mtx", ".csv", ".tsv", ".txt", ".tab", ".dat", ".npy", ".npz", ".gz", ".h5", ".h5ad"];

    private readonly List<(CachedFile File, DataUrl Url)> _files = [];
    private Func<SourceBase> _open = null!;
    private bool _isLatin1;

    private DataPlace()
    {
    }

    /// <summary>The store, if it is one.</summary>
    public StorePlace? Store { get; private set; }

    /// <exception cref="DataException">There is nothing, or nothing that can be read.</exception>
    public static DataPlace Find(string pathOrUrl, MatrixOptions options)
    {
        var place = new DataPlace();
        if (!DataUrl.IsUrl(pathOrUrl))
        {
            var path = InputFiles.Find(pathOrUrl);
            place.Store = MatrixStore.IsStore(path) ? new LocalStore(path) : null;
            place._open = () => MatrixReader.Open(path, options, place._isLatin1);
            return place;
        }

        try
        {
            place.Find(DataUrl.Parse(pathOrUrl), options);
            return place;
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    /// <summary>Opens it as a source. Whoever asks disposes it.</summary>
    public SourceBase Open() => _open();

    /// <summary>
    /// Does something with it, from its beginning again where the text turns out not to be UTF-8 but Latin-1; what is said of downloaded
    /// files is said of their URLs.
    /// </summary>
    public T Use<T>(Func<DataPlace, T> use)
    {
        try
        {
            try
            {
                return use(this);
            }
            catch (NotUtf8Exception found) when (!_isLatin1)
            {
                TextEncoding.CheckLatin1(found.Path);
                _isLatin1 = true;
                return use(this);
            }
        }
        catch (DataException error) when (_files.Exists(f => error.Message.Contains(f.File.Path, StringComparison.Ordinal)))
        {
            throw new DataException(_files.Aggregate(
                error.Message, (words, f) => words.Replace(f.File.Path, f.Url.ToString(), StringComparison.Ordinal)), error);
        }
    }

    public void Dispose() => _files.ForEach(f => f.File.Dispose());

    private void Find(DataUrl url, MatrixOptions options)
    {
        var client = new RemoteClient(options.Fetch);
        var cache = new DownloadCache(client);
        var isFile = Extensions.Contains(Path.GetExtension(url.FileName).ToLowerInvariant());
        if (!isFile && client.TryRead(url.Child(MatrixStore.HeaderName)) is { } header)
        {
            CheckFolder(url, options, MatrixFormat.Store);
            Store = new RemoteStore(client, url, header);
            _open = () => MatrixStore.OpenSource(Store, options);
        }
        else if (!isFile && FetchEither(cache, url, "matrix.mtx") is { } matrix)
        {
            CheckFolder(url, options, MatrixFormat.TenX);
            var barcodes = Require(cache, url, "barcodes.tsv");
            var features = FetchEither(cache, url, "features.tsv") ?? Require(cache, url, "genes.tsv");
            _open = () => TenXFolder.Open(matrix, barcodes, features, options.FeatureTypes);
        }
        else
        {
            var file = Fetch(cache, url, isRequired: true)!;
            _open = () => MatrixReader.Open(file, options, _isLatin1);
        }
    }

    /// <summary>Refuses options that cannot take effect on the folder that a URL is.</summary>
    private static void CheckFolder(DataUrl url, MatrixOptions options, MatrixFormat found)
    {
        if (options.Format != MatrixFormat.Auto && options.Format != found)
        {
            throw new DataException(
                $"{url} is not {MatrixOptions.NameOf(options.Format)} but {MatrixOptions.NameOf(found)}; leave data.format out, or give " +
                "another URL");
        }

        if (options.FeatureTypes is not null && found != MatrixFormat.TenX)
        {
            throw new DataException($"data.featureTypes has no effect, as {url} is no 10x folder: remove it");
        }
    }

    private string Require(DownloadCache cache, DataUrl url, string name) => FetchEither(cache, url, name) ??
        throw new DataException(
            $"{url} has a matrix.mtx, but no {(name == "genes.tsv" ? "features.tsv or genes.tsv" : name)} (gzipped or not) that can be " +
            "read; a 10x folder needs one");

    private string? FetchEither(DownloadCache cache, DataUrl url, string name) =>
        Fetch(cache, url.Child(name + ".gz"), isRequired: false) ?? Fetch(cache, url.Child(name), isRequired: false);

    private string? Fetch(DownloadCache cache, DataUrl url, bool isRequired)
    {
        if (cache.Fetch(url, isRequired) is not { } file)
        {
            return null;
        }

        _files.Add((file, url));
        return file.Path;
    }
}
