"""Page 08: can regular patterns be evolved until an ImageNet network is certain of them, and are related ones alike?"""
